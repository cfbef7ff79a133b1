package org.sparklora.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.LinearProduct;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.lora.AdapterLayout;

/**
 * How many products of linear layers, forward and backward, an engine computes in bfloat16 in a
 * training step on one micro-batch. Attention is not among them.
 *
 * @param rounded products whose operands are rounded to bfloat16
 * @param fewRows products that stay float32 because they have too few rows
 * @param narrow products that stay float32 because their matrix has too few rows or columns
 * @param mostFewRows the largest number of rows that is too few; 0 if the engine rounds any number
 */
public record RoundedProducts(int rounded, int fewRows, int narrow, int mostFewRows) {
  /** Most tokens of the counted pass; more tokens only repeat the loss head's products. */
  private static final int MOST_TOKENS = 4096;

  /**
   * Counts the products of a pass through an engine that computes nothing.
   *
   * @param adapter the trained adapter; empty for all weights
   * @param engine with {@link Engine#withProductsIn products in bfloat16}, if it has them
   * @param tokens tokens of the micro-batch (N)
   */
  public static RoundedProducts of(
      DecoderConfig model,
      Optional<AdapterLayout> adapter,
      boolean gradientCheckpointing,
      Engine engine,
      long tokens) {
    List<LinearProduct> products = new ArrayList<>();
    try (Engine counting = Engines.counting(engine, products::add)) {
      long blockBytes = Activations.blockBytes(gradientCheckpointing);
      int counted = (int) Math.min(tokens, MOST_TOKENS);
      return ActivationMemory.afterPass(
          model, adapter, blockBytes, counting, counted, step -> of(products, engine));
    }
  }

  private static RoundedProducts of(List<LinearProduct> products, Engine engine) {
    int most = engine.operandType(1) == DType.BFLOAT16 ? 0 : engine.independentRows();
    int rounded = count(products, product -> product.type() == DType.BFLOAT16);
    int fewRows =
        count(products, product -> product.type() == DType.FLOAT32 && product.rows() <= most);
    return new RoundedProducts(rounded, fewRows, products.size() - rounded - fewRows, most);
  }

  private static int count(List<LinearProduct> products, Predicate<LinearProduct> which) {
    return (int) products.stream().filter(which).count();
  }

  public int all() {
    return rounded + fewRows + narrow;
  }
}
