/**
 * The two dialects of the judge: {@code MathVerify} compares answers as Math-Verify 0.9.0 does, its
 * quirks included; {@code SoundJudge} finds and judges answers as a person would.
 *
 * <p>Depends on {@code extract}, {@code latex}, {@code algebra} and {@code number}, and on verdicts
 * ({@code reward.Judgement}, {@code pipeline.table.Verdict}); only {@code
 * org.sparklora.reward.math} chooses between the dialects.
 */
package org.sparklora.reward.math.dialect;
