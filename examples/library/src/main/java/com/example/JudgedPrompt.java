package com.example;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.sparklora.hub.HubClient;
import org.sparklora.hub.HubConfig;
import org.sparklora.hub.HubRepo;
import org.sparklora.hub.TransferListener;
import org.sparklora.reward.GroupAdvantage;
import org.sparklora.reward.GroupAdvantage.Scaling;
import org.sparklora.reward.math.MathReward;
import org.sparklora.reward.math.MathReward.Dialect;
import org.sparklora.text.ChatTemplate;
import org.sparklora.text.Conversation;
import org.sparklora.text.Message;
import org.sparklora.text.Tokenizer;
import org.sparklora.text.TokenizerDialect;

/**
 * A question as a model's chat template writes it, with the rewards of completions and their
 * advantages in the group, as GRPO computes them.
 *
 * @param prompt the text that the model would complete
 * @param tokens number of tokens of the prompt
 * @param rewards one per completion: 1, 0, or NaN where it cannot be judged
 * @param advantages one per completion
 */
public record JudgedPrompt(String prompt, int tokens, double[] rewards, double[] advantages) {

  private static final Set<String> TEXT_FILES =
      Set.of("tokenizer.json", "tokenizer_config.json", "chat_template.jinja");

  /** The tokenizer's files of a model, in the cache that Hugging Face's own libraries share. */
  static Path tokenizerOf(HubConfig config, String model) {
    HubClient client = new HubClient(config);
    HubRepo repo = HubRepo.model(model);
    String commit = client.commit(repo, "main");
    return client.snapshot(
        repo, commit, file -> TEXT_FILES.contains(file.path()), TransferListener.SILENT);
  }

  static JudgedPrompt of(
      Path tokenizerFolder, String question, String solution, List<String> completions) {
    String prompt =
        ChatTemplate.load(tokenizerFolder)
            .orElseThrow()
            .render(
                new Conversation(List.of(Message.of("user", question)), Map.of()),
                ChatTemplate.Options.prompt())
            .text();
    int tokens =
        Tokenizer.load(tokenizerFolder, TokenizerDialect.FILE).encode(prompt, false).length;

    MathReward reward = MathReward.of(Dialect.MATH_VERIFY);
    double[] rewards =
        completions.stream()
            .mapToDouble(completion -> reward.judge(completion, solution).reward())
            .toArray();
    return new JudgedPrompt(prompt, tokens, rewards, GroupAdvantage.of(rewards, Scaling.GROUP));
  }

  public static void main(String[] arguments) {
    if (arguments.length < 4) {
      System.err.println("usage: java -jar judged-prompt.jar MODEL QUESTION SOLUTION COMPLETION…");
      System.exit(2);
    }
    JudgedPrompt judged =
        of(
            tokenizerOf(HubConfig.ofEnvironment(), arguments[0]),
            arguments[1],
            arguments[2],
            Arrays.asList(arguments).subList(3, arguments.length));
    System.out.println(judged.prompt());
    System.out.println(judged.tokens() + " tokens");
    for (int i = 0; i < judged.rewards().length; i++) {
      System.out.printf(
          "%s: reward %.0f, advantage %+.3f%n",
          arguments[3 + i], judged.rewards()[i], judged.advantages()[i]);
    }
  }
}
