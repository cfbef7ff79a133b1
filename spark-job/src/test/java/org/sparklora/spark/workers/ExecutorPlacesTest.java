package org.sparklora.spark.workers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.sparklora.spark.workers.ExecutorPlaces.Executor;

/** Where workers are while executors of unequal size come and go. */
class ExecutorPlacesTest {
  private static final String NONE = "none of its own";

  private final List<Executor> alive = new ArrayList<>();
  private final ExecutorPlaces places = new ExecutorPlaces(() -> List.copyOf(alive));

  private void come(Executor... executors) {
    alive.addAll(List.of(executors));
  }

  private static Executor executor(String id, int slots) {
    return new Executor(id, "10.0.0." + id, slots, 0);
  }

  private void die(String id) {
    alive.removeIf(executor -> executor.id().equals(id));
  }

  private List<String> ids(int workers) {
    return places.of(workers).stream().map(one -> one.map(Executor::id).orElse(NONE)).toList();
  }

  @Test
  void eachWorkerTakesAWholeExecutorWhateverItsSize() {
    come(executor("0", 4), executor("1", 1), executor("2", 1));
    assertThat(ids(3)).containsExactlyInAnyOrder("0", "1", "2");
    assertThat(places.of(3).get(0).orElseThrow().location()).isEqualTo("executor_10.0.0.0_0");
  }

  @Test
  void moreWorkersThanExecutorsTakeTheSlotsThatThereAre() {
    come(executor("0", 1), executor("1", 4));
    List<String> five = ids(5);
    assertThat(five).filteredOn("0"::equals).hasSize(1);
    assertThat(five).filteredOn("1"::equals).hasSize(4);
  }

  @Test
  void aWorkerStaysWhereItIsAndALateExecutorGetsNone() {
    come(executor("0", 1), executor("1", 1));
    List<String> first = ids(2);
    come(executor("2", 8));
    assertThat(ids(2)).isEqualTo(first);
    assertThat(ids(1)).isEqualTo(first.subList(0, 1));
  }

  @Test
  void aLateExecutorGetsTheWorkerOfOneThatWasLost() {
    come(executor("0", 1), executor("1", 1), executor("2", 1));
    List<String> first = new ArrayList<>(ids(3));
    die("1");
    int lost = first.indexOf("1");
    String host = ids(3).get(lost);
    assertThat(host).as("both others have a worker").isIn("0", "2");
    assertThat(ids(3).get(lost)).as("stays, since its vectors are there").isEqualTo(host);
    come(executor("3", 1));
    first.set(lost, "3");
    assertThat(ids(3)).as("no other worker moves").isEqualTo(first);
  }

  @Test
  void aLateExecutorGetsItsShareOfManyThatWereLost() {
    come(executor("0", 4), executor("1", 4));
    assertThat(ids(4)).containsExactly("0", "1", "0", "1");
    die("1");
    assertThat(ids(4)).containsOnly("0");
    come(executor("2", 4));
    assertThat(ids(4)).containsExactly("0", "2", "0", "2");
  }

  @Test
  void anExecutorThatWasIdleGetsTheWorkerOfOneThatWasLost() {
    come(executor("0", 1), executor("1", 1), executor("2", 1));
    List<String> two = ids(2);
    die(two.get(0));
    assertThat(ids(2).get(0)).isNotIn(two).isNotEqualTo(NONE);
  }

  @Test
  void workersThatFoundNoExecutorGetOneWhenItComes() {
    assertThat(ids(2)).containsExactly(NONE, NONE);
    come(executor("0", 4));
    assertThat(ids(2)).containsExactly("0", "0");
    come(executor("1", 4));
    assertThat(ids(2)).containsExactly("0", "1");
  }

  /** Of several runs of one session. */
  @Test
  void executorsThatAreBusyAreTakenLast() {
    come(new Executor("0", "h", 2, 2), new Executor("1", "h", 2, 0));
    assertThat(ids(1)).containsExactly("1");
  }

  @Test
  void theTenthExecutorComesAfterTheSecond() {
    come(IntStream.range(0, 12).mapToObj(id -> executor("" + id, 1)).toArray(Executor[]::new));
    assertThat(ids(12))
        .isEqualTo(Stream.iterate(0, id -> id + 1).limit(12).map(String::valueOf).toList());
  }
}
