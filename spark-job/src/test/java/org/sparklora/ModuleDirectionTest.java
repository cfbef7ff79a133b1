package org.sparklora;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/**
 * The allowed direction between the modules, on the compiled classes of all of them.
 *
 * <pre>
 *   hub ◄── pipeline ◄──────────┬───────────── reward ◄─┐ (from grpo, eval and the command line)
 *          ▲                    │                       │
 *          └──── data-prep ─► model ◄────────── spark-job ─► sweep ─► observe ─► train
 *                     │       ▲  │               │                                 │
 *                     │       │  ▼               │                                 ▼
 *                     └───────│► text ◄──────────┘                          model, pipeline
 *                             │
 *                        engine-nd4j, engine-torch (see model.engine, its tensor and hardware only; found at run time)
 * </pre>
 */
@AnalyzeClasses(
    packages = "org.sparklora",
    importOptions = {DoNotIncludeTests.class, ModuleDirectionTest.NoTestJars.class})
class ModuleDirectionTest {

  /** Tests of other modules that this one's use. */
  static final class NoTestJars implements ImportOption {
    @Override
    public boolean includes(Location location) {
      return !location.contains("-tests.jar");
    }
  }

  private static final String TEXT = "org.sparklora.text..";
  private static final String MODEL = "org.sparklora.model..";
  private static final String ENGINE = "org.sparklora.model.engine";
  private static final String TENSOR = "org.sparklora.model.engine.tensor";
  private static final String HARDWARE = "org.sparklora.model.engine.hardware";
  private static final String ENGINE_MODULES = "org.sparklora.engine..";
  private static final String HUB = "org.sparklora.hub..";
  private static final String PIPELINE = "org.sparklora.pipeline..";
  private static final String DATA_PREP = "org.sparklora.prep..";
  private static final String REWARD = "org.sparklora.reward..";
  private static final String TRAIN = "org.sparklora.train..";
  private static final String CLIENTS = "org.sparklora.train.vllm..";
  private static final String OBSERVE = "org.sparklora.observe..";
  private static final String SWEEP = "org.sparklora.sweep..";
  private static final String GRPO = "org.sparklora.spark.grpo..";
  private static final String EVAL = "org.sparklora.spark.eval..";
  private static final String CLI = "org.sparklora.spark.cli..";
  private static final String API = "org.sparklora.api..";

  /** Everything of this project that is not of the given packages. */
  private static DescribedPredicate<JavaClass> ours(String... exceptPackages) {
    return resideInAPackage("org.sparklora..")
        .and(resideOutsideOfPackages(exceptPackages))
        .as("classes of other modules than %s", String.join(", ", exceptPackages));
  }

  @ArchTest
  static final ArchRule TEXT_USES_NO_OTHER_MODULE =
      noClasses().that().resideInAPackage(TEXT).should().dependOnClassesThat(ours(TEXT));

  @ArchTest
  static final ArchRule MODEL_USES_TEXT_ONLY =
      noClasses().that().resideInAPackage(MODEL).should().dependOnClassesThat(ours(MODEL, TEXT));

  @ArchTest
  static final ArchRule MODEL_RUNS_WITHOUT_A_CLUSTER =
      noClasses()
          .that()
          .resideInAPackage(MODEL)
          .should()
          .dependOnClassesThat(
              resideInAnyPackage(
                  "org.apache.spark..",
                  "org.apache.hadoop..",
                  "org.apache.parquet..",
                  "org.deeplearning4j..",
                  "org.datavec..",
                  "scala.."));

  @ArchTest
  static final ArchRule THE_HUB_USES_NO_OTHER_MODULE =
      noClasses().that().resideInAPackage(HUB).should().dependOnClassesThat(ours(HUB));

  /** Engines are found at run time: the decoder and its callers name none. */
  @ArchTest
  static final ArchRule NOBODY_NAMES_AN_ENGINE =
      noClasses()
          .that(resideOutsideOfPackages("org.sparklora.model.engine..", ENGINE_MODULES))
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "org.sparklora.model.engine.reference..",
              "org.sparklora.model.engine.vector..",
              ENGINE_MODULES);

  @ArchTest
  static final ArchRule ENGINES_USE_THE_SEAM_ONLY =
      noClasses()
          .that()
          .resideInAPackage(ENGINE_MODULES)
          .should()
          .dependOnClassesThat(ours(ENGINE_MODULES, ENGINE, TENSOR, HARDWARE));

  @ArchTest
  static final ArchRule TENSORS_AND_HARDWARE_KNOW_NO_ENGINE =
      noClasses()
          .that()
          .resideInAnyPackage(TENSOR, HARDWARE)
          .should()
          .dependOnClassesThat(ours(TENSOR, HARDWARE));

  @ArchTest
  static final ArchRule PIPELINE_USES_THE_HUB_ONLY =
      noClasses()
          .that()
          .resideInAPackage(PIPELINE)
          .should()
          .dependOnClassesThat(ours(PIPELINE, HUB));

  @ArchTest
  static final ArchRule DATA_PREP_SEES_TEXT_AND_CHECKPOINTS_OF_THE_MODEL_ONLY =
      noClasses()
          .that()
          .resideInAPackage(DATA_PREP)
          .should()
          .dependOnClassesThat(
              ours(DATA_PREP, PIPELINE, HUB, TEXT, "org.sparklora.model.checkpoint.."));

  @ArchTest
  static final ArchRule REWARD_USES_THE_PIPELINE_ONLY =
      noClasses()
          .that()
          .resideInAPackage(REWARD)
          .should()
          .dependOnClassesThat(ours(REWARD, PIPELINE));

  @ArchTest
  static final ArchRule TRAIN_USES_MODEL_PIPELINE_AND_TEXT_ONLY =
      noClasses()
          .that()
          .resideInAPackage(TRAIN)
          .and()
          .resideOutsideOfPackage(CLIENTS)
          .should()
          .dependOnClassesThat(ours(TRAIN, MODEL, PIPELINE, TEXT));

  /** Clients of servers send their requests for JSON by a class of the hub. */
  @ArchTest
  static final ArchRule CLIENTS_OF_SERVERS_USE_THE_HUB_TOO =
      noClasses()
          .that()
          .resideInAPackage(CLIENTS)
          .should()
          .dependOnClassesThat(ours(TRAIN, MODEL, PIPELINE, TEXT, HUB));

  @ArchTest
  static final ArchRule TRAINING_NEEDS_NEITHER_SPARK_NOR_DEEPLEARNING4J =
      noClasses()
          .that()
          .resideInAPackage(TRAIN)
          .should()
          .dependOnClassesThat(
              resideInAnyPackage(
                  "org.apache.spark..", "org.deeplearning4j..", "org.nd4j..", "scala.."));

  @ArchTest
  static final ArchRule OBSERVE_USES_TRAIN_MODEL_PIPELINE_HUB_AND_TEXT_ONLY =
      noClasses()
          .that()
          .resideInAPackage(OBSERVE)
          .should()
          .dependOnClassesThat(ours(OBSERVE, TRAIN, MODEL, PIPELINE, HUB, TEXT));

  @ArchTest
  static final ArchRule SWEEP_USES_OBSERVE_TRAIN_MODEL_AND_PIPELINE_ONLY =
      noClasses()
          .that()
          .resideInAPackage(SWEEP)
          .should()
          .dependOnClassesThat(ours(SWEEP, OBSERVE, TRAIN, MODEL, PIPELINE));

  @ArchTest
  static final ArchRule A_SWEEP_IS_PLANNED_AND_JUDGED_WITHOUT_SPARK_AND_DEEPLEARNING4J =
      noClasses()
          .that()
          .resideInAPackage(SWEEP)
          .should()
          .dependOnClassesThat(
              resideInAnyPackage(
                  "org.apache.spark..", "org.deeplearning4j..", "org.nd4j..", "scala.."));

  @ArchTest
  static final ArchRule PACKAGES_OF_TRAIN_OBSERVE_AND_SWEEP_FORM_NO_CYCLE =
      slices()
          .matching("org.sparklora.(**)")
          .that(
              describe(
                  "are of train, observe or sweep",
                  slice -> slice.getNamePart(1).matches("(train|observe|sweep).*")))
          .should()
          .beFreeOfCycles();

  @ArchTest
  static final ArchRule REWARD_IS_REACHED_FROM_GRPO_EVAL_THE_API_AND_THE_COMMAND_LINE =
      noClasses()
          .that(not(resideInAnyPackage(REWARD, GRPO, EVAL, API, CLI)))
          .should()
          .dependOnClassesThat(resideInAPackage(REWARD));

  @ArchTest
  static final ArchRule THE_API_IS_SEEN_BY_THE_COMMAND_LINE_ONLY =
      noClasses()
          .that(not(resideInAnyPackage(API, CLI)))
          .should()
          .dependOnClassesThat(resideInAPackage(API));

  @ArchTest
  static final ArchRule THE_API_KNOWS_NO_COMMANDS =
      noClasses().that(resideInAPackage(API)).should().dependOnClassesThat(resideInAPackage(CLI));

  @ArchTest
  static final ArchRule NO_TWO_PACKAGES_OF_THE_JOBS_DEPEND_ON_EACH_OTHER =
      slices().matching("org.sparklora.spark.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule PACKAGES_OF_REWARD_FORM_NO_CYCLE =
      slices()
          .matching("org.sparklora.(**)")
          .that(describe("are of reward", slice -> slice.getNamePart(1).startsWith("reward")))
          .should()
          .beFreeOfCycles();

  /** What judges is records; {@code reward.job} alone adapts rows to it. */
  @ArchTest
  static final ArchRule JUDGING_NEEDS_NO_CLUSTER =
      noClasses()
          .that(resideInAPackage(REWARD).and(resideOutsideOfPackage("org.sparklora.reward.job..")))
          .should()
          .dependOnClassesThat(
              resideInAnyPackage("org.apache.spark..", "org.apache.hadoop..", "scala.."));

  @ArchTest
  static final ArchRule DEEPLEARNING4J_IS_SEEN_FROM_ONE_PACKAGE =
      noClasses()
          .that(resideOutsideOfPackage("org.sparklora.spark.dl4j.."))
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.deeplearning4j..");

  @ArchTest
  static final ArchRule VECTORS_AND_NATIVE_GEMM_ARE_BEHIND_THE_ENGINE =
      noClasses()
          .that(resideOutsideOfPackage("org.sparklora.model.engine.vector.."))
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("jdk.incubator.vector..", "org.bytedeco.dnnl..");
}
