/**
 * The two dialects of the judge: {@code MathVerify} decides as Math-Verify 0.9.0 does, its quirks
 * included; {@code SoundJudge} decides as a person would. Both end in a {@code Judgement}.
 *
 * <p>Depends on {@code extract}, {@code latex} and {@code algebra}; only {@code
 * org.sparklora.reward.math} chooses between the dialects.
 */
package org.sparklora.reward.math.dialect;
