package org.sparklora.text.jinja;

import static org.sparklora.text.jinja.Statement.at;
import static org.sparklora.text.jinja.Statement.doing;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import org.sparklora.text.jinja.Statement.Flow;
import org.sparklora.text.jinja.Statement.Target;
import org.sparklora.text.jinja.Token.Kind;
import org.sparklora.text.jinja.value.JinjaException;
import org.sparklora.text.jinja.value.Namespace;
import org.sparklora.text.jinja.value.Undefined;
import org.sparklora.text.jinja.value.ValueText;
import org.sparklora.text.jinja.value.Values;

/**
 * Builds the statements of a template from its tokens. {@link ExpressionParser} parses the
 * expressions.
 */
record Parser(TokenStream tokens, ExpressionParser expressions) {

  static Statement parse(String source) {
    TokenStream tokens = new TokenStream(Lexer.tokenize(source));
    return new Parser(tokens, new ExpressionParser(tokens)).block(Set.of());
  }

  /** Parses statements up to a closing tag, and leaves the tag's name as the next token. */
  private Statement block(Set<String> closing) {
    List<Statement> statements = new ArrayList<>();
    tokens.descend();
    while (true) {
      Token token = tokens.next();
      switch (token.kind()) {
        case DATA ->
            statements.add(doing(token.line(), scope -> scope.renderer().write(token.text())));
        case VARIABLE_BEGIN -> {
          statements.add(output(token.line(), expressions.tuple()));
          tokens.expect(Kind.VARIABLE_END);
        }
        case BLOCK_BEGIN -> {
          if (tokens.peek().isOneOf(closing)) {
            tokens.ascend();
            return Statement.sequence(statements);
          }
          statements.add(statement());
        }
        default -> {
          if (!closing.isEmpty()) {
            throw new JinjaException(token.line(), "Missing " + String.join(" or ", closing));
          }
          tokens.ascend();
          return Statement.sequence(statements);
        }
      }
    }
  }

  private static Statement output(int line, Expression value) {
    return doing(line, scope -> scope.renderer().write(ValueText.of(value.evaluate(scope))));
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
      case "generation" -> generation(line);
      case "break" -> endOfTag(at(line, scope -> Flow.BREAK));
      case "continue" -> endOfTag(at(line, scope -> Flow.CONTINUE));
      case "include", "import", "from", "extends", "block" ->
          throw new JinjaException(
              line,
              "The tag '%s' reaches for other templates, which a chat template may not",
              tag.text());
      default -> throw new JinjaException(line, "Unknown tag '%s'", tag.text());
    };
  }

  private Statement endOfTag(Statement statement) {
    tokens.expect(Kind.BLOCK_END);
    return statement;
  }

  /** Parses the end of an opening tag, the body and the closing tag. */
  private Statement bodyUpTo(String closing) {
    tokens.expect(Kind.BLOCK_END);
    Statement body = block(Set.of(closing));
    tokens.next();
    tokens.expect(Kind.BLOCK_END);
    return body;
  }

  private Statement ifStatement(int line) {
    List<Expression> conditions = new ArrayList<>();
    List<Statement> branches = new ArrayList<>();
    String tag = "if";
    while (!tag.equals("endif")) {
      if (tag.equals("else")) {
        tokens.expect(Kind.BLOCK_END);
        conditions.add(scope -> true);
        branches.add(block(Set.of("endif")));
      } else {
        conditions.add(expressions.expression());
        tokens.expect(Kind.BLOCK_END);
        branches.add(block(Set.of("elif", "else", "endif")));
      }
      tag = tokens.next().text();
    }
    return endOfTag(
        at(
            line,
            scope -> {
              for (int i = 0; i < branches.size(); i++) {
                if (Values.isTrue(conditions.get(i).evaluate(scope))) {
                  return branches.get(i).run(scope);
                }
              }
              return Flow.ON;
            }));
  }

  private Statement forStatement(int line) {
    Target target = target(false);
    tokens.expect("in");
    Expression iterable = expressions.tupleWithoutConditional();
    Optional<Expression> filter =
        tokens.skip("if") ? Optional.of(expressions.expression()) : Optional.empty();
    Statement body = bodyUpTo("endfor");
    return doing(line, scope -> Loop.run(iterable.evaluate(scope), target, filter, body, scope));
  }

  private Statement setStatement(int line) {
    Target target = target(true);
    if (tokens.skip("=")) {
      Expression value = expressions.tuple();
      return endOfTag(doing(line, scope -> target.assign(value.evaluate(scope), scope)));
    }
    BiFunction<Object, Scope, Object> filters =
        tokens.skip("|") ? expressions.filters() : (value, scope) -> value;
    Statement body = bodyUpTo("endset");
    return doing(line, scope -> target.assign(filtered(filters, body, scope), scope));
  }

  private Target target(boolean withNamespace) {
    List<Target> parts = new ArrayList<>();
    boolean tuple = false;
    do {
      if (tuple && tokens.peek().isOneOf(Set.of("in", ")", "="))) {
        break; // a trailing comma
      }
      parts.add(singleTarget(withNamespace));
    } while (tokens.skip(",") && (tuple = true));
    return tuple ? (value, scope) -> unpack(parts, value, scope) : parts.get(0);
  }

  private static void unpack(List<Target> parts, Object value, Scope scope) {
    List<Object> items = Values.iterate(value, scope.budget());
    if (items.size() != parts.size()) {
      throw new JinjaException("Cannot unpack %d values into %d names", items.size(), parts.size());
    }
    for (int i = 0; i < items.size(); i++) {
      parts.get(i).assign(items.get(i), scope);
    }
  }

  private Target singleTarget(boolean withNamespace) {
    if (tokens.skip("(")) {
      Target inner = target(withNamespace);
      tokens.expect(")");
      return inner;
    }
    Token name = tokens.expect(Kind.NAME);
    if (ExpressionParser.CONSTANTS.containsKey(name.text())) {
      throw new JinjaException(name.line(), "Cannot assign to '%s'", name.text());
    }
    if (withNamespace && tokens.skip(".")) {
      String field = tokens.expect(Kind.NAME).text();
      return (value, scope) -> {
        if (!(scope.get(name.text()) instanceof Namespace namespace)) {
          throw new JinjaException(
              "Cannot assign to '%s.%s': only a namespace() can be assigned to",
              name.text(), field);
        }
        namespace.set(field, value);
      };
    }
    return (value, scope) -> scope.set(name.text(), value);
  }

  private Statement macro(int line) {
    String name = tokens.expect(Kind.NAME).text();
    List<Macro.Parameter> parameters = parameters();
    Statement body = bodyUpTo("endmacro");
    return doing(line, scope -> scope.set(name, new Macro(parameters, scope, body)));
  }

  private Statement callBlock(int line) {
    List<Macro.Parameter> parameters = tokens.peek().is("(") ? parameters() : List.of();
    if (!(expressions.expression() instanceof Expression.Call call)) {
      throw new JinjaException(line, "A call block needs a call");
    }
    Statement body = bodyUpTo("endcall");
    call.arguments().named().put("caller", scope -> new Macro(parameters, scope, body));
    return output(line, call);
  }

  private List<Macro.Parameter> parameters() {
    List<Macro.Parameter> parameters = new ArrayList<>();
    boolean defaults = false;
    tokens.expect("(");
    while (!tokens.skip(")")) {
      if (!parameters.isEmpty()) {
        tokens.expect(",");
      }
      Token token = tokens.expect(Kind.NAME);
      String name = token.text();
      if (tokens.skip("=")) {
        parameters.add(new Macro.Parameter(name, expressions.expression()));
        defaults = true;
      } else if (defaults) {
        throw new JinjaException(
            token.line(), "The parameter '%s' without a default follows one with a default", name);
      } else {
        Undefined missing = new Undefined("parameter '" + name + "'");
        parameters.add(new Macro.Parameter(name, scope -> missing));
      }
    }
    return parameters;
  }

  private Statement filterBlock(int line) {
    BiFunction<Object, Scope, Object> filters = expressions.filters();
    Statement body = bodyUpTo("endfilter");
    return output(line, scope -> filtered(filters, body, scope));
  }

  private static Object filtered(
      BiFunction<Object, Scope, Object> filters, Statement body, Scope scope) {
    return filters.apply(scope.renderer().captured(() -> body.run(scope.inner())), scope);
  }

  private Statement generation(int line) {
    Statement body = bodyUpTo("endgeneration");
    return doing(line, scope -> scope.renderer().generate(() -> body.run(scope.inner())));
  }
}
