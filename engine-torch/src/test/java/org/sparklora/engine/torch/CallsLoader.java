package org.sparklora.engine.torch;

import static net.bytebuddy.matcher.ElementMatchers.any;
import static net.bytebuddy.matcher.ElementMatchers.isDeclaredBy;
import static net.bytebuddy.matcher.ElementMatchers.isNative;
import static net.bytebuddy.matcher.ElementMatchers.isPublic;
import static net.bytebuddy.matcher.ElementMatchers.nameStartsWith;
import static net.bytebuddy.matcher.ElementMatchers.named;
import static net.bytebuddy.matcher.ElementMatchers.none;
import static net.bytebuddy.matcher.ElementMatchers.takesArguments;

import java.lang.invoke.MethodHandle;
import net.bytebuddy.ByteBuddy;
import net.bytebuddy.asm.MemberSubstitution;
import net.bytebuddy.asm.MemberSubstitution.Substitution.Chain;
import net.bytebuddy.dynamic.ClassFileLocator;
import net.bytebuddy.implementation.bytecode.assign.Assigner;
import net.bytebuddy.pool.TypePool;

/** Loads this package once more, with {@link Calls#call} in place of what it calls of libtorch. */
final class CallsLoader extends ClassLoader {
  private static final String PACKAGE = "org.sparklora.engine.torch.";

  private final ClassFileLocator files = ClassFileLocator.ForClassLoader.of(getParent());
  private final TypePool types = TypePool.Default.of(files);

  CallsLoader() {
    super(CallsLoader.class.getClassLoader());
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    synchronized (getClassLoadingLock(name)) {
      Class<?> loaded = findLoadedClass(name);
      if (loaded != null) {
        return loaded;
      }
      return name.startsWith(PACKAGE) ? define(name) : super.loadClass(name, resolve);
    }
  }

  private Class<?> define(String name) throws ClassNotFoundException {
    try {
      byte[] code =
          name.startsWith(PACKAGE + "Calls") ? files.locate(name).resolve() : changed(name);
      return defineClass(name, code, 0, code.length);
    } catch (java.io.IOException | NoSuchMethodException e) {
      throw new ClassNotFoundException(name, e);
    }
  }

  private byte[] changed(String name) throws NoSuchMethodException {
    var call =
        Calls.class.getMethod(
            "call", Object.class, Object[].class, String.class, MethodHandle.class);
    return new ByteBuddy()
        .ignore(none()) // lambdas are synthetic
        .redefine(types.describe(name).resolve(), files)
        .visit(
            MemberSubstitution.relaxed()
                .method(
                    isPublic()
                        .and(isNative().or(named("create")))
                        .and(
                            isDeclaredBy(
                                nameStartsWith("org.bytedeco.pytorch.global.torch")
                                    .or(named("org.bytedeco.pytorch.Tensor"))
                                    .or(named("org.bytedeco.pytorch.TensorBase"))
                                    .or(named("org.bytedeco.pytorch.OperatorHandle"))))
                        .or(
                            named("run")
                                .and(takesArguments(2))
                                .and(isDeclaredBy(named(PACKAGE + "Replays")))))
                .replaceWith(
                    Chain.with(Assigner.DEFAULT, Assigner.Typing.DYNAMIC)
                        .executing(Chain.Step.ForDelegation.to(call)))
                .on(any()))
        .make()
        .getBytes();
  }
}
