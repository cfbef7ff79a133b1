package org.sparklora.model.engine;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * A test of every engine, with arguments made of {@link EnginesUnderTest}: {@link EngineContract}
 * runs all that are annotated so.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@ParameterizedTest(autoCloseArguments = false)
@Tag(EachEngine.TAG)
public @interface EachEngine {
  String TAG = "engine";
}
