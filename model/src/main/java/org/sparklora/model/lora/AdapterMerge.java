package org.sparklora.model.lora;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.checkpoint.CheckpointWriter;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.checkpoint.SafeTensorsWriter;
import org.sparklora.model.checkpoint.WeightNames;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.lora.AdapterLayout.Factors;
import org.sparklora.text.json.CheckpointException;

/**
 * Turns a base model and its adapter into a plain model: {@code W + s·B·A}, in float32, then cast
 * to the type W is stored in. Only one matrix is in memory at a time.
 */
public record AdapterMerge(
    CheckpointFolder base, AdapterLayout layout, Tensor parameters, Engine engine) {
  private static final String TIE = "tie_word_embeddings";

  /**
   * Writes the merged model with the base's tokenizer and generation config.
   *
   * <p>An adapter of the head unties a head that shares the embedding's table: the merged head
   * differs from the table.
   *
   * @param output a folder other than the base's
   */
  public static void merge(CheckpointFolder base, AdapterFile adapter, Engine engine, Path output)
      throws IOException {
    Files.createDirectories(output);
    if (Files.isSameFile(base.folder(), output)) {
      throw new CheckpointException(
          "Cannot merge into %s, the folder of the base model: give another output folder", output);
    }
    AdapterLayout layout = adapter.layout();
    try (Tensor parameters = engine.allocate(layout.size())) {
      adapter.load(engine, parameters);
      new AdapterMerge(base, layout, parameters, engine).write(output);
    }
  }

  private void write(Path output) throws IOException {
    DecoderConfig config = base.config();
    Map<String, String> sources = new LinkedHashMap<>(); // merged name → base name
    Map<String, long[]> shapes = WeightNames.expected(config);
    shapes.keySet().forEach(name -> sources.put(name, name));
    ObjectNode json = base.configJson();
    if (config.tieWordEmbeddings() && layout.factors(WeightNames.HEAD_MODULE).isPresent()) {
      sources.put(WeightNames.HEAD, WeightNames.EMBEDDING);
      json.put(TIE, false);
    }
    List<SafeTensorsWriter.Entry> entries = new ArrayList<>();
    sources.forEach((name, source) -> entries.add(entry(name, source, shapes.get(source))));
    CheckpointWriter.write(output, json, base.storedType(WeightNames.EMBEDDING), entries);
    CheckpointWriter.copyTokenizer(base.folder(), output);
    CheckpointWriter.copyGenerationConfig(base.folder(), output);
  }

  private SafeTensorsWriter.Entry entry(String name, String source, long[] shape) {
    Optional<Factors> factors = layout.factors(name.replaceFirst("\\.weight$", ""));
    DType dtype = base.storedType(source);
    SafeTensorsWriter.Source merged =
        factors.isEmpty()
            ? () -> base.load(source, DType.FLOAT32, engine)
            : () -> sum(source, factors.get());
    return new SafeTensorsWriter.Entry(name, dtype, shape, merged);
  }

  private Tensor sum(String source, Factors factors) throws IOException {
    Tensor sum;
    try (Tensor stored = base.loadStored(source, engine)) {
      sum = engine.copyAs(DType.FLOAT32, stored);
    }
    // sum += s · B · A, which has the shape of a linear layer's dX += dY · W
    engine.matmulBackwardInput(
        factors.b(parameters), factors.a(parameters), (float) layout.config().scale(), sum);
    return sum;
  }
}
