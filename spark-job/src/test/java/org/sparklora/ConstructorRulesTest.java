package org.sparklora;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaConstructor;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** A constructor has few parameters, on the compiled classes: many of them hide a concept. */
@AnalyzeClasses(
    packages = "org.sparklora",
    importOptions = {DoNotIncludeTests.class, ModuleDirectionTest.NoTestJars.class})
class ConstructorRulesTest {
  private static final int MOST_PARAMETERS = 6;

  /** Tables of data with more components, and their reasons. */
  private static final Map<String, Set<String>> TABLES =
      Map.of(
          "settings, one component for each flag or group of flags",
          Set.of(
              "PrepConfig",
              "PrepConfig$Source",
              "MlflowConfig",
              "BenchConfig",
              "MathEvalConfig",
              "GrpoConfig",
              "OutputConfig",
              "RoundSteps",
              "TrainerState$Settings",
              "TrainingSettings",
              "TrainingPlan"),
          "fields of a file: config.json, a sweep's file, a manifest, a lock, flags.tsv",
          Set.of("DecoderConfig", "SweepFile", "TableManifest$Inputs", "RunLock$Owner", "Flag"),
          "counts and sums that are logged or written, one component for each",
          Set.of("RewardSummary", "TrialOutcome", "RunningSums", "StepMetrics"),
          "letters of a formula: AdamW's, and the sizes and layouts of a matrix product",
          Set.of("AdamW", "CompiledGemm$Shape"),
          "a model or run as users describe it, one component for each choice",
          Set.of("TrainedModel", "PlannedRun"));

  /** Both ways, so that the list of tables names none that is short. */
  @ArchTest
  static void onlyTablesOfDataHaveManyParameters(JavaClasses classes) {
    Set<String> many = new TreeSet<>();
    for (JavaClass type : classes) {
      if (!type.isAnonymousClass()
          && !type.isLocalClass()
          && type.getConstructors().stream().anyMatch(ConstructorRulesTest::hasMany)) {
        many.add(type.getName().substring(type.getPackageName().length() + 1));
      }
    }
    Set<String> allowed = new TreeSet<>();
    TABLES.values().forEach(allowed::addAll);
    assertThat(many)
        .as(
            "Classes with constructors of more than %s parameters: find the concept that some of them form",
            MOST_PARAMETERS)
        .isEqualTo(allowed);
  }

  private static boolean hasMany(JavaConstructor constructor) {
    JavaClass type = constructor.getOwner();
    boolean inner =
        type.isNestedClass() && !type.getModifiers().contains(JavaModifier.STATIC); // this$0
    int added = type.isEnum() ? 2 : inner ? 1 : 0; // by the compiler; an enum's name and ordinal
    return !constructor.getModifiers().contains(JavaModifier.SYNTHETIC)
        && constructor.getRawParameterTypes().size() - added > MOST_PARAMETERS;
  }
}
