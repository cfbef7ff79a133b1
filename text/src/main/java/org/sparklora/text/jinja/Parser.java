package org.sparklora.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.sparklora.text.jinja.Statement.Target;
import org.sparklora.text.jinja.Token.Kind;

/**
 * Builds the statements of a template from its tokens. Expressions are {@link ExpressionParser}'s.
 */
final class Parser {
  private final TokenStream tokens;
  private final ExpressionParser expressions;

  private Parser(TokenStream tokens) {
    this.tokens = tokens;
    this.expressions = new ExpressionParser(tokens);
  }

  static List<Statement> parse(String source) {
    Parser parser = new Parser(new TokenStream(Lexer.tokenize(source)));
    return parser.block(Set.of());
  }

  /** Statements up to one of the closing tags, whose name is left as the next token. */
  private List<Statement> block(Set<String> closing) {
    List<Statement> statements = new ArrayList<>();
    tokens.descend();
    while (true) {
      Token token = tokens.next();
      switch (token.kind()) {
        case DATA -> statements.add(new Statement.Data(token.text(), token.line()));
        case VARIABLE_BEGIN -> {
          statements.add(new Statement.Output(expressions.tuple(), token.line()));
          tokens.expect(Kind.VARIABLE_END);
        }
        case BLOCK_BEGIN -> {
          if (tokens.peek().kind() == Kind.NAME && closing.contains(tokens.peek().text())) {
            tokens.ascend();
            return statements;
          }
          statements.add(statement());
        }
        default -> {
          if (!closing.isEmpty()) {
            throw new JinjaException(token.line(), "Missing " + String.join(" or ", closing));
          }
          tokens.ascend();
          return statements;
        }
      }
    }
  }

  private Statement statement() {
    Token tag = tokens.expect(Kind.NAME);
    int line = tag.line();
    return switch (tag.text()) {
      case "if" -> ifStatement(line);
      case "for" -> forStatement(line);
      case "set" -> setStatement(line);
      case "macro" -> macro(line);
      case "call" -> callBlock(line);
      case "filter" -> filterBlock(line);
      case "with" -> with(line);
      case "generation" -> new Statement.Generation(bodyUpTo("endgeneration"), line);
      case "break" -> endOfTag(new Statement.Break(line));
      case "continue" -> endOfTag(new Statement.Continue(line));
      case "include", "import", "from", "extends", "block" ->
          throw new JinjaException(
              line,
              "The tag '%s' reaches for other templates, which a chat template may not",
              tag.text());
      default -> throw new JinjaException(line, "Unknown tag '%s'", tag.text());
    };
  }

  private <S extends Statement> S endOfTag(S statement) {
    tokens.expect(Kind.BLOCK_END);
    return statement;
  }

  /** The end of an opening tag, its body and its closing tag. */
  private List<Statement> bodyUpTo(String closing) {
    tokens.expect(Kind.BLOCK_END);
    List<Statement> body = block(Set.of(closing));
    tokens.next();
    tokens.expect(Kind.BLOCK_END);
    return body;
  }

  private Statement ifStatement(int line) {
    List<Expression> conditions = new ArrayList<>();
    List<List<Statement>> branches = new ArrayList<>();
    List<Statement> otherwise = List.of();
    String tag = "if";
    while (!tag.equals("endif")) {
      if (tag.equals("else")) {
        tokens.expect(Kind.BLOCK_END);
        otherwise = block(Set.of("endif"));
      } else {
        conditions.add(expressions.expression());
        tokens.expect(Kind.BLOCK_END);
        branches.add(block(Set.of("elif", "else", "endif")));
      }
      tag = tokens.next().text();
    }
    return endOfTag(new Statement.If(conditions, branches, otherwise, line));
  }

  private Statement forStatement(int line) {
    Target target = target(false);
    tokens.expectName("in");
    Expression iterable = expressions.tupleWithoutConditional();
    Optional<Expression> filter =
        tokens.skipName("if") ? Optional.of(expressions.expression()) : Optional.empty();
    boolean recursive = tokens.skipName("recursive");
    tokens.expect(Kind.BLOCK_END);
    List<Statement> body = block(Set.of("endfor", "else"));
    List<Statement> otherwise = List.of();
    if (tokens.next().text().equals("else")) {
      tokens.expect(Kind.BLOCK_END);
      otherwise = block(Set.of("endfor"));
      tokens.next();
    }
    return endOfTag(new Statement.For(target, iterable, filter, recursive, body, otherwise, line));
  }

  private Statement setStatement(int line) {
    Target target = target(true);
    if (tokens.skipOperator("=")) {
      Expression value = expressions.tuple();
      return endOfTag(new Statement.Assign(target, value, line));
    }
    List<Expression.Filter> filters = tokens.skipOperator("|") ? expressions.filters() : List.of();
    return new Statement.AssignBlock(target, filters, bodyUpTo("endset"), line);
  }

  private Target target(boolean withNamespace) {
    boolean parenthesised = tokens.skipOperator("(");
    List<Target> parts = new ArrayList<>();
    boolean tuple = false;
    do {
      if (tokens.peek().isName("in")
          || tokens.peek().isOperator(")")
          || tokens.peek().isOperator("=")) {
        break; // a trailing comma
      }
      parts.add(
          tokens.peek().isOperator("(") ? target(withNamespace) : singleTarget(withNamespace));
    } while (tokens.skipOperator(",") && (tuple = true));
    if (parenthesised) {
      tokens.expectOperator(")");
    }
    return tuple ? new Target.Unpacked(parts) : parts.get(0);
  }

  private Target singleTarget(boolean withNamespace) {
    Token name = tokens.expect(Kind.NAME);
    if (ExpressionParser.CONSTANTS.containsKey(name.text())) {
      throw new JinjaException(name.line(), "Cannot assign to '%s'", name.text());
    }
    if (withNamespace && tokens.skipOperator(".")) {
      return new Target.NamespaceField(name.text(), tokens.expect(Kind.NAME).text());
    }
    return new Target.Variable(name.text());
  }

  private Statement macro(int line) {
    String name = tokens.expect(Kind.NAME).text();
    Statement.Parameters parameters = parameters();
    return new Statement.Macro(name, parameters, bodyUpTo("endmacro"), line);
  }

  private Statement callBlock(int line) {
    Statement.Parameters parameters =
        tokens.peek().isOperator("(")
            ? parameters()
            : new Statement.Parameters(List.of(), List.of());
    if (expressions.expression() instanceof Expression.Call call) {
      return new Statement.CallBlock(parameters, call, bodyUpTo("endcall"), line);
    }
    throw new JinjaException(line, "A call block needs a call");
  }

  private Statement.Parameters parameters() {
    List<String> names = new ArrayList<>();
    List<Expression> defaults = new ArrayList<>();
    tokens.expectOperator("(");
    while (!tokens.skipOperator(")")) {
      if (!names.isEmpty()) {
        tokens.expectOperator(",");
      }
      Token name = tokens.expect(Kind.NAME);
      names.add(name.text());
      if (tokens.skipOperator("=")) {
        defaults.add(expressions.expression());
      } else if (!defaults.isEmpty()) {
        throw new JinjaException(
            name.line(),
            "The parameter '%s' without a default follows one with a default",
            name.text());
      }
    }
    return new Statement.Parameters(names, defaults);
  }

  private Statement filterBlock(int line) {
    List<Expression.Filter> filters = expressions.filters();
    return new Statement.FilterBlock(filters, bodyUpTo("endfilter"), line);
  }

  private Statement with(int line) {
    List<Target> targets = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    while (tokens.peek().kind() != Kind.BLOCK_END) {
      if (!targets.isEmpty()) {
        tokens.expectOperator(",");
      }
      targets.add(singleTarget(false));
      tokens.expectOperator("=");
      values.add(expressions.expression());
    }
    return new Statement.With(targets, values, bodyUpTo("endwith"), line);
  }
}
