package org.sparklora.engine.torch;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jdi.Bootstrap;
import com.sun.jdi.IntegerValue;
import com.sun.jdi.Method;
import com.sun.jdi.ReferenceType;
import com.sun.jdi.VMDisconnectedException;
import com.sun.jdi.VirtualMachine;
import com.sun.jdi.connect.Connector;
import com.sun.jdi.connect.LaunchingConnector;
import com.sun.jdi.event.BreakpointEvent;
import com.sun.jdi.event.ClassPrepareEvent;
import com.sun.jdi.event.Event;
import com.sun.jdi.event.EventSet;
import com.sun.jdi.event.MethodEntryEvent;
import com.sun.jdi.event.VMDisconnectEvent;
import com.sun.jdi.request.BreakpointRequest;
import com.sun.jdi.request.ClassPrepareRequest;
import com.sun.jdi.request.EventRequest;
import com.sun.jdi.request.MethodEntryRequest;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Operators of libtorch that a training step and a drawn token call, counted by a debugger that
 * sees each native method of the presets on its entry. What docs/gpu.md states is asserted here.
 */
class OperatorCountTest {
  /** Change a tensor's shape, or take memory, and launch nothing. */
  private static final Set<String> VIEWS =
      Set.of(
          "as_strided",
          "empty",
          "narrow",
          "view",
          "select",
          "t",
          "transpose",
          "permute",
          "unsqueeze",
          "squeeze",
          "expand",
          "slice",
          "reshape",
          "unflatten",
          "flatten",
          "expand_as",
          "numpy_T",
          "from_blob",
          "view_as");

  /** Bring numbers to the host, and so wait for a device. */
  private static final Set<String> WAITS =
      Set.of(
          "item",
          "item_bool",
          "item_double",
          "item_float",
          "item_int",
          "item_long",
          "cpu",
          "synchronize");

  /** Forward and backward, float32, an adapter on all linear layers, one document. */
  private static final int OF_A_LAYER = 136;

  private static final int OF_A_TOKEN_IN_A_LAYER = 44;

  /** Embedding, last norm, loss head, and copies of token ids to the device. */
  private static final int OF_A_STEP = 74;

  /** Embedding, last norm, logits and draw, likewise. */
  private static final int OF_A_TOKEN = 64;

  private static final Set<String> MARKS =
      Set.of("stepBegins", "stepEnds", "wholeStepBegins", "drawingBegins", "allIsDone");

  /** Counted between two marks. */
  private record Count(Map<String, Integer> operators, int waits) {
    int total() {
      return operators.values().stream().mapToInt(Integer::intValue).sum();
    }
  }

  private static Map<String, Count> counts(int layers) throws Exception {
    LaunchingConnector connector = Bootstrap.virtualMachineManager().defaultConnector();
    Map<String, Connector.Argument> arguments = connector.defaultArguments();
    arguments
        .get("options")
        .setValue(
            "-cp \"%s\" --add-modules jdk.incubator.vector"
                .formatted(System.getProperty("java.class.path")));
    arguments.get("main").setValue(CountedRun.class.getName() + " " + layers);
    VirtualMachine machine = connector.launch(arguments);
    ClassPrepareRequest loaded = machine.eventRequestManager().createClassPrepareRequest();
    loaded.addClassFilter(CountedRun.class.getName());
    loaded.setSuspendPolicy(EventRequest.SUSPEND_ALL);
    loaded.enable();
    MethodEntryRequest calls = machine.eventRequestManager().createMethodEntryRequest();
    calls.addClassFilter("org.bytedeco.pytorch.*");
    calls.setSuspendPolicy(EventRequest.SUSPEND_NONE);
    MethodEntryRequest reads = machine.eventRequestManager().createMethodEntryRequest();
    reads.addClassFilter(TorchDevice.class.getName());
    reads.setSuspendPolicy(EventRequest.SUSPEND_NONE);
    return watch(machine, List.of(calls, reads));
  }

  private static Map<String, Count> watch(VirtualMachine machine, List<MethodEntryRequest> requests)
      throws Exception {
    Map<String, Count> counts = new LinkedHashMap<>();
    String mark = "";
    Map<String, Integer> operators = new TreeMap<>();
    int waits = 0;
    try {
      while (true) {
        EventSet events = machine.eventQueue().remove();
        for (Event event : events) {
          if (event instanceof VMDisconnectEvent) {
            return counts;
          }
          if (event instanceof ClassPrepareEvent prepared) {
            mark(machine, prepared.referenceType());
          } else if (event instanceof BreakpointEvent reached) {
            if (!mark.isEmpty()) {
              counts.put(mark, new Count(new TreeMap<>(operators), waits));
            }
            operators.clear();
            waits = 0;
            mark = name(reached);
            for (MethodEntryRequest request : requests) {
              request.setEnabled(!mark.isEmpty()); // which slows all of the machine down
            }
          } else if (event instanceof MethodEntryEvent entry) {
            Method method = entry.method();
            if (method.isNative() && isOperator(method)) {
              operators.merge(method.name(), 1, Integer::sum);
            } else if (WAITS.contains(method.name())) {
              waits++;
            }
          }
        }
        events.resume();
      }
    } catch (VMDisconnectedException e) {
      return counts;
    }
  }

  /** Stops at the methods that mark where counting begins and ends. */
  private static void mark(VirtualMachine machine, ReferenceType type) {
    for (Method method : type.methods()) {
      if (MARKS.contains(method.name())) {
        BreakpointRequest stop =
            machine.eventRequestManager().createBreakpointRequest(method.location());
        stop.setSuspendPolicy(EventRequest.SUSPEND_ALL);
        stop.enable();
      }
    }
  }

  /** What is counted from here on; empty for nothing. */
  private static String name(BreakpointEvent reached) throws Exception {
    return switch (reached.location().method().name()) {
      case "stepBegins" -> "step";
      case "wholeStepBegins" -> "whole step";
      case "drawingBegins" ->
          "draw " + ((IntegerValue) reached.thread().frame(0).getArgumentValues().get(0)).value();
      default -> "";
    };
  }

  private static boolean isOperator(Method method) {
    String type = method.declaringType().name();
    boolean tensors =
        type.equals("org.bytedeco.pytorch.Tensor")
            || type.equals("org.bytedeco.pytorch.TensorBase")
            || type.startsWith("org.bytedeco.pytorch.global.torch");
    return (tensors
            && method.returnTypeName().endsWith("Tensor")
            && !VIEWS.contains(method.name())
            && !WAITS.contains(method.name()))
        || method.name().equals("callBoxed");
  }

  @Test
  void aLayerAndATokenCallAsManyOperatorsAsIsStated() throws Exception {
    Map<String, Count> two = counts(2);
    Map<String, Count> three = counts(3);

    int layer = three.get("step").total() - two.get("step").total();
    int token = ofAToken(two);
    int tokenOfALayer = ofAToken(three) - token;
    assertThat(
            List.of(
                layer,
                two.get("step").total() - 2 * layer,
                tokenOfALayer,
                token - 2 * tokenOfALayer))
        .as("of a layer in a step, beside layers, of a layer for a token, beside: %s", three)
        .containsExactly(OF_A_LAYER, OF_A_STEP, OF_A_TOKEN_IN_A_LAYER, OF_A_TOKEN);
  }

  @Test
  void theHostWaitsOnceForAStepAndOnceForAToken() throws Exception {
    Map<String, Count> counts = counts(1);
    assertThat(counts.get("step").waits()).as("before anybody asks for the result").isZero();
    assertThat(counts.get("whole step").waits())
        .as("for the norm of the gradient, with which the losses of two micro-batches come")
        .isEqualTo(1);
    assertThat(counts.get("draw 6").waits() - counts.get("draw 5").waits())
        .as("for the tokens that were drawn")
        .isEqualTo(1);
  }

  private static int ofAToken(Map<String, Count> counts) {
    return counts.get("draw 6").total() - counts.get("draw 5").total();
  }
}
