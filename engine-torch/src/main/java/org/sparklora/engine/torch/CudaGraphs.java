package org.sparklora.engine.torch;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.cuda.cudart.CUgraphExec_st;
import org.bytedeco.cuda.cudart.CUgraph_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.cuda.CUDAStream;
import org.bytedeco.pytorch.cuda.DeviceAssertionsDataVectorCUDAKernelLaunchInfoVectorPair;
import org.bytedeco.pytorch.cuda.StreamFilter;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch_cuda;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records operators as CUDA graphs, by capturing a stream. The presets have no {@code
 * at::cuda::CUDAGraph}, so this class makes its calls in the same order: captured operators
 * allocate from a pool of the allocator that no other operator uses.
 *
 * <p><b>This class has never run</b>: no GPU was available. {@code -Dlora.torch.graphs=false}
 * switches CUDA graphs off.
 */
final class CudaGraphs implements Recorder {
  /** System property; {@code false} runs all operators one by one. */
  static final String PROPERTY = "lora.torch.graphs";

  private static final Logger LOG = LoggerFactory.getLogger(CudaGraphs.class);

  /** Numbers of pools, far above those that libtorch counts from 1. */
  private static final AtomicLong POOLS = new AtomicLong(1L << 40);

  private final byte device;
  private final CUDAStream stream; // for captures: the default one cannot be captured
  private final StreamFilter isCaptured;
  private final LongPointer pool; // a pair of numbers; all graphs share the pool and run one by one

  private CudaGraphs(int number) {
    device = (byte) number;
    stream = Scope.kept(() -> torch_cuda.getStreamFromPool(false, device));
    long captured = Scope.kept(stream::stream).address();
    isCaptured =
        Scope.kept(
            () ->
                new StreamFilter() {
                  @Override
                  public boolean call(Pointer of) {
                    return of != null && of.address() == captured;
                  }
                });
    pool = Scope.kept(() -> new LongPointer(POOLS.incrementAndGet(), 0));
  }

  /** The recorder of a GPU; empty if CUDA graphs are switched off, or a library is missing. */
  static Optional<Recorder> of(int number) {
    if (!Boolean.parseBoolean(System.getProperty(PROPERTY, "true"))) {
      return Optional.empty();
    }
    try {
      return Optional.of(new CudaGraphs(number));
    } catch (LinkageError | RuntimeException e) {
      LOG.warn("Decoding runs without CUDA graphs: {}", e.toString());
      return Optional.empty();
    }
  }

  /** The pool in the allocator's type, for which the presets have another name. */
  private DeviceAssertionsDataVectorCUDAKernelLaunchInfoVectorPair poolId() {
    return new DeviceAssertionsDataVectorCUDAKernelLaunchInfoVectorPair(pool);
  }

  @Override
  public void warmUp(Runnable operators) {
    onStream(operators);
  }

  /** Runs operators on {@link #stream}; synchronises around them, since streams do not wait. */
  private void onStream(Runnable operators) {
    torch.cuda_synchronize(device);
    CUDAStream usual = torch_cuda.getCurrentCUDAStream(device);
    torch_cuda.setCurrentCUDAStream(stream);
    try {
      operators.run();
    } finally {
      torch_cuda.setCurrentCUDAStream(usual);
      torch.cuda_synchronize(device);
    }
  }

  @Override
  public Optional<Recording> record(Runnable operators) {
    CUgraph_st graph = new CUgraph_st();
    CUgraphExec_st runnable = new CUgraphExec_st();
    try {
      onStream(() -> capture(operators, graph));
      check(cudart.cudaGraphInstantiate(runnable, graph, 0), "cudaGraphInstantiate");
      return Optional.of(new Graph(graph, runnable));
    } catch (RuntimeException | OutOfMemoryError e) { // the pool cannot use other pools' memory
      LOG.warn("Cannot record a CUDA graph: {}", e.getMessage());
      cudart.cudaGetLastError(); // clears the capture's error, which the next call would report
      if (!graph.isNull()) {
        cudart.cudaGraphDestroy(graph);
      }
      torch_cuda.getAllocator().releasePool(device, poolId());
      return Optional.empty();
    }
  }

  private void capture(Runnable operators, CUgraph_st graph) {
    torch_cuda.beginAllocateToPool(device, poolId(), isCaptured);
    try {
      check(
          cudart.cudaStreamBeginCapture(stream.stream(), cudart.cudaStreamCaptureModeThreadLocal),
          "cudaStreamBeginCapture");
      int ended;
      try {
        operators.run();
      } finally {
        ended = cudart.cudaStreamEndCapture(stream.stream(), graph);
      }
      check(ended, "cudaStreamEndCapture");
    } finally {
      torch_cuda.endAllocateToPool(device, poolId());
    }
  }

  private static void check(int error, String call) {
    if (error != cudart.cudaSuccess) {
      throw new IllegalStateException(
          "%s failed: %s".formatted(call, cudart.cudaGetErrorString(error).getString()));
    }
  }

  /** A captured graph, replayed in the current stream of all other operators. */
  private final class Graph implements Recording {
    private final CUgraph_st graph;
    private final CUgraphExec_st runnable;

    Graph(CUgraph_st graph, CUgraphExec_st runnable) {
      this.graph = graph;
      this.runnable = runnable;
      graph.retainReference();
      runnable.retainReference();
    }

    @Override
    public void replay() {
      check(
          cudart.cudaGraphLaunch(runnable, torch_cuda.getCurrentCUDAStream(device).stream()),
          "cudaGraphLaunch");
    }

    @Override
    public void close() {
      torch.cuda_synchronize(device);
      cudart.cudaGraphExecDestroy(runnable);
      cudart.cudaGraphDestroy(graph);
      torch_cuda.getAllocator().releasePool(device, poolId());
    }
  }
}
