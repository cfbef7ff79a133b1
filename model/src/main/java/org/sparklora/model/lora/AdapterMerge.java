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
import org.sparklora.model.checkpoint.Projection;
import org.sparklora.model.checkpoint.SafeTensorsWriter;
import org.sparklora.model.checkpoint.WeightNames;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.Quantization;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.lora.AdapterLayout.Factors;
import org.sparklora.text.json.CheckpointException;

/**
 * Turns a base model and its adapter into a plain model: {@code W + s·B·A}, in float32, then cast
 * to the type W is stored in. Only one matrix is in memory at a time.
 *
 * @param quantization of the base that the adapter was trained on: W is then read from its
 *     quantised form, so that the merged model computes the same as base and adapter
 */
public record AdapterMerge(
    CheckpointFolder base,
    AdapterLayout layout,
    Tensor parameters,
    Engine engine,
    Quantization quantization) {
  /**
   * Writes the merged model with the base's generation config, and with the tokenizer and chat
   * template of the adapter's folder; what a folder without tokenizer.json lacks is the base's.
   *
   * <p>An adapter of the head unties a head that shares the embedding's table: the merged head
   * differs from the table.
   *
   * @param output a folder other than the base's
   */
  public static void merge(
      CheckpointFolder base,
      AdapterFile adapter,
      Engine engine,
      Quantization quantization,
      Path output)
      throws IOException {
    Files.createDirectories(output);
    if (Files.isSameFile(base.folder(), output)) {
      throw new CheckpointException(
          "Cannot merge into %s, the folder of the base model: give another output folder", output);
    }
    AdapterLayout layout = adapter.layout();
    try (Tensor parameters = engine.allocate(layout.size())) {
      adapter.load(engine, parameters);
      new AdapterMerge(base, layout, parameters, engine, quantization).write(output);
    }
    if (!Files.exists(adapter.folder().resolve("tokenizer.json"))) {
      CheckpointWriter.copyTokenizer(base.folder(), output);
    }
    CheckpointWriter.copyTokenizer(adapter.folder(), output);
  }

  private void write(Path output) throws IOException {
    DecoderConfig config = base.config();
    Map<String, String> sources = new LinkedHashMap<>(); // merged name → base name
    Map<String, long[]> shapes = WeightNames.expected(config);
    shapes.keySet().forEach(name -> sources.put(name, name));
    ObjectNode json = base.configJson();
    if (config.tieWordEmbeddings() && layout.factors(WeightNames.HEAD_MODULE).isPresent()) {
      sources.put(WeightNames.HEAD, WeightNames.EMBEDDING);
      json.put("tie_word_embeddings", false);
    }
    List<SafeTensorsWriter.Entry> entries = new ArrayList<>();
    sources.forEach((name, source) -> entries.add(entry(name, source, shapes.get(source))));
    CheckpointWriter.write(output, json, base.storedType(WeightNames.EMBEDDING), entries);
    CheckpointWriter.copyGenerationConfig(base.folder(), output);
  }

  private SafeTensorsWriter.Entry entry(String name, String source, long[] shape) {
    Optional<Factors> factors = layout.factors(name.replaceFirst("\\.weight$", ""));
    DType dtype = base.storedType(source);
    SafeTensorsWriter.Source merged =
        factors.isEmpty() ? () -> wide(source) : () -> sum(source, factors.get());
    return new SafeTensorsWriter.Entry(name, dtype, shape, merged);
  }

  /** A new tensor of W in float32. */
  private Tensor wide(String source) throws IOException {
    if (quantization == Quantization.NONE || !Projection.isMatrix(source)) {
      return base.load(source, DType.FLOAT32, engine);
    }
    try (Tensor stored = base.loadStored(source, Engines.host());
        Tensor quantized = quantization.of(stored, DType.FLOAT32)) {
      return Tensor.closedOnFailure(engine.allocate(quantized.shape()), quantized::transferTo);
    }
  }

  private Tensor sum(String source, Factors factors) throws IOException {
    Tensor copy;
    try (Tensor wide = wide(source)) { // which may be the file, mapped
      copy = engine.copyAs(DType.FLOAT32, wide);
    }
    // sum += s · B · A, which has the shape of a linear layer's dX += dY · W
    return Tensor.closedOnFailure(
        copy,
        sum ->
            engine.matmulInput(
                factors.b(parameters), factors.a(parameters), factors.scale(), true, sum));
  }
}
