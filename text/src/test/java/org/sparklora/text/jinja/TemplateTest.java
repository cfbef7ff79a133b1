package org.sparklora.text.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.text.jinja.value.JinjaException;

/** Expected texts were written by Jinja2 3.1.6 with transformers' environment. */
class TemplateTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2024-07-06T08:05:09Z"), ZoneOffset.UTC);
  private static final Map<String, Object> VARIABLES =
      Map.of(
          "name", "wörld😀",
          "words", List.of("b", "a", "C"),
          "empty", "",
          "big", BigInteger.ONE.shiftLeft(64),
          "messages",
              List.of(
                  Map.of("role", "user", "content", "hi"),
                  Map.of("role", "assistant", "content", "yo")),
          "tool", Map.of("f", Arrays.asList(1, 2.5, true, null, "é\"\n")));

  /** A template and its text, on two lines; {@code ⏎} stands for a line break. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        // output, arithmetic and Python's texts of values
        "{{ 1 + 2 * 3 }}→7",
        "{{ 7 // 2 }} {{ -7 // 2 }} {{ 7 / 2 }} {{ -7 % 3 }}→3 -4 3.5 2",
        "{{ 1e-5 }} {{ 0.1 + 0.2 }} {{ 1e16 }} {{ 3.0 }}→1e-05 0.30000000000000004 1e+16 3.0",
        "{{ [1, 'a', none, true, 2.0, (1,), {'k': \"it's\"}] }}→[1, 'a', None, True, 2.0, (1,), {'k': \"it's\"}]",
        "{{ none }} {{ missing }} {{ true }}→None  True",
        "{{ 'a' ~ 1 ~ none }} {{ 'ab' * 3 }} {{ [1] + [2] }}→a1None ababab [1, 2]",
        // logic gives operands, comparisons chain
        "{{ '' or 'x' }} {{ 'y' and 0 }} {{ not '' }} {{ 1 < 2 < 3 }} {{ 1 == 1.0 == true }}→x 0 True True True",
        "{{ 'b' in words }} {{ 'ör' in name }} {{ 'z' not in words }} {{ 'role' in messages[0] }}→True True True True",
        "{{ 'yes' if words else 'no' }} [{{ 'x' if empty }}]→yes []",
        // code points, slices
        "{{ name | length }} {{ name[5] }} {{ name[-1] }} {{ name[1:3] }} {{ name[::-1] }}→6 😀 😀 ör 😀dlröw",
        "{{ words[::-1] }} {{ words[-2:] }} {{ words[:1] }} {{ words[5:] }}→['C', 'a', 'b'] ['a', 'C'] ['b'] []",
        // methods
        "{{ ' x '.strip() }}|{{ '\\nx\\n'.lstrip('\\n') }}|{{ 'xxaxx'.rstrip('x') }}→x|x⏎|xxa",
        "{{ 'a</t>b</t>c'.split('</t>')[-1] }} {{ 'a  b'.split() }} {{ 'a,b,c'.split(',', 1) }} {{ 'a,b,c'.rsplit(',', 1) }}→c ['a', 'b'] ['a', 'b,c'] ['a,b', 'c']",
        "{{ 'Hello'.startswith('He') }} {{ 'Hello'.endswith(('x', 'lo')) }} {{ 'hello world'.title() }} {{ 'a-b'.replace('-', '+') }}→True True Hello World a+b",
        "{{ messages[0].get('x', 'd') }} {{ messages[0].get('role') }} {% for k, v in {'a': 1}.items() %}{{ k }}={{ v }}{% endfor %}→d user a=1",
        "{{ ', '.join(words) }} {{ 'x'.join([]) }} {{ 'abcabc'.count('bc') }} {{ 'abc'.find('c') }}→b, a, C  2 2",
        // filters and tests
        "{{ words | sort | join('') }} {{ words | first }}{{ words | last }} {{ words | map('upper') | list }}→abC bC ['B', 'A', 'C']",
        "{{ messages | map(attribute='role') | join('/') }} {{ messages | selectattr('role', 'equalto', 'user') | list | length }}→user/assistant 1",
        "{{ messages | rejectattr('role', 'eq', 'user') | map(attribute='content') | first }}→yo",
        "{{ tool | tojson }}→{\"f\": [1, 2.5, true, null, \"é\\\"\\n\"]}",
        "{{ {'b': [], 'a': {'x': 1}} | tojson(indent=2) }}→{⏎  \"b\": [],⏎  \"a\": {⏎    \"x\": 1⏎  }⏎}",
        "{{ missing | default('d') }} {{ '' | default('d', true) }} {{ '3' | int + 1 }} {{ 'x' | int }}→d d 4 0",
        "{{ 'a' is string }} {{ 1 is number }} {{ true is integer }} {{ words is iterable }} {{ {} is mapping }} {{ x is defined }} {{ none is none }}→True True False True True False True",
        "{{ 4 is divisibleby 2 }} {{ 3 is odd }} {{ 'a' is in words }} {{ 1 is not none }} {{ 5 is gt 3 }}→True True True True True",
        "{{ 'a\\nb' | indent(2) }} {{ ' x ' | trim }} {{ 'aXb' | lower | upper | replace('X', '_') | capitalize }}→a⏎  b x A_b",
        "{{ {'b': 1, 'a': 2} | dictsort }} {{ [1, 1, 2] | unique | list }}→[('a', 2), ('b', 1)] [1, 2]",
        // statements
        "{% for x in words if x != 'a' %}{{ loop.index }}{{ x }}{{ ',' if not loop.last }}{% endfor %}→1b,2C",
        "{% for i in range(5) %}{% if i == 1 %}{% continue %}{% endif %}{% if i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}→02",
        "{% for a, b in [(1, 2), (3, 4)] %}{{ a + b }}{% endfor %} {% for x in words %}{{ loop.previtem }}{{ loop.nextitem }};{% endfor %}→37 a;bC;a;",
        "{% set x = 1 %}{% for i in [1] %}{% set x = 2 %}{% endfor %}{{ x }}{% if true %}{% set x = 3 %}{% endif %}{{ x }}→13",
        "{% set ns = namespace(n=0) %}{% for i in range(4) %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}→6",
        "{% set b %}<{{ 1 }}>{% endset %}{{ b }}{% set c | upper %}x{% endset %}{{ c }}→<1>X",
        "{% macro m(a, b='d') %}[{{ a }}{{ b }}]{% endmacro %}{{ m(1) }}{{ m(1, b=2) }}{{ m(b=3, a=4) }}→[1d][12][43]",
        "{% macro m() %}<{{ caller('q') }}>{% endmacro %}{% call(x) m() %}{{ x }}{% endcall %}→<q>",
        "{% filter upper %}a{% endfilter %}→A",
        // what fuzzing against Jinja2 found
        "{% for x in missing if x %}{% endfor %}{{ missing | map('upper') | list }}{{ missing | sort | join }}{{ none | select | list }}→[][]",
        "{{ 'a-b (c) [d]' | title }} {{ \"it's\".title() }} {{ 'a b c '.split(none, 1) }} {{ ' a b'.rsplit(none, 1) }}→A-B (C) [D] It'S ['a', 'b c '] [' a', 'b']",
        "{{ 'hello'.find('l') }} {{ 'hello'.rfind('l') }} {{ 'a1b1'.count('1') }}→2 3 2",
        "{{ '\\101\\x41\\u00e9\\q' }} {{ 7.5 // 2 }} {{ -7.5 % 2 }}→AAé\\q 3.0 0.5",
        "[{{ 5[1:] }}]→[]",
        "a {#-#} b {#- c -#} d→a bd",
        // a filter of a loop is asked item by item
        "{% set ns = namespace(s=false) %}{% for m in words if not ns.s %}{{ loop.index }}{{ m }}{% set ns.s = true %}{% endfor %}→1b",
        "{% set ns = namespace(s=false) %}{% for m in words if not ns.s %}{{ m }}{{ loop.last }}{% set ns.s = true %}{% endfor %}→bFalseaTrue",
        "{% for x in words if x != 'a' %}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.length }}{{ loop.nextitem }};{% endfor %}→212C;102;",
        "{% for x in words %}{{ loop.depth }}{{ loop.depth0 }}{% endfor %}→101010",
        "{{ big }} {{ big is number }} {{ big is integer }} {{ big is float }}→18446744073709551616 True True False",
        "{{ -0.0 < 0 }} {{ 0 > -0.0 }} {{ [0.0, -0.0] | sort }}→False False [0.0, -0.0]",
        "{% for (a, b), c in [((1, 2), 3)] %}{{ a + b + c }}{% endfor %}→6",
        "{{ 'a\\r\\nb\\rc\\x0b' | indent(2) }}|→a⏎  b⏎  c⏎|",
        "{{ {'b': 1, 'a': 1, 'c': 2} | dictsort(by='value', reverse=true) }}→[('c', 2), ('b', 1), ('a', 1)]",
        "{{ messages | map(attribute='x.y', default='q') | list }}→['q', 'q']",
        "{{ ['🫠'] }} {{ '中a'.title() }}→['🫠'] 中A",
        "{{ ('ab ' * 20000).split() | join('-') | length }}→59999",
        // generators are true, have no length and are read once
        "{% if messages | selectattr('role', 'eq', 'tool') %}T{% endif %}{{ {} | items is sequence }}{{ [] | reverse is iterable }}→TFalseTrue",
        "{% set r = messages | map(attribute='role') %}{{ r | first }} {{ r | list }} {{ r | list }} {{ r[0] is defined }}→user ['assistant'] [] False",
        "{{ true is sameas true }} {{ 1 is sameas true }} {{ none is sameas none }} {{ dict({'a': 1}, **{'b': 2}) }}→True False True {'a': 1, 'b': 2}",
        // whitespace
        "a⏎  {% if true %}⏎b⏎  {% endif %}⏎c→a⏎b⏎c",
        "a  {%- if true -%}  b  {%- endif %}⏎c→abc",
        "  {{ 1 }}⏎  {#- c -#}  x⏎→  1x",
        "a⏎  {%+ if true %}b{% endif +%}⏎c→a⏎  b⏎c",
        "{{ 'a' }}⏎⏎{{ 'b' }}⏎→a⏎⏎b",
        // transformers' own
        "{{ strftime_now('%d %b %Y %H:%M %-d%e%-e') }}→06 Jul 2024 08:05 6 66",
        "a{% generation %}b{% endgeneration %}c→abc",
      })
  void rendersAsJinja2Does(String example) {
    String[] parts = example.replace('⏎', '\n').split("→", 2);
    assertThat(render(parts[0])).isEqualTo(parts[1]);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '→',
      value = {
        "{{ missing.attribute }} → 'missing' is undefined",
        "{{ 1 + 'a' }} → Cannot compute int + str",
        "{{ 'a' + none }} → Cannot compute str + None",
        "{{ 1 / 0 }} → Division by zero",
        "{{ words.append('x') }} → may not change the values",
        "{{ 'x' < 1 }} → Cannot order str and int",
        "{{ x | nosuchfilter }} → No filter named 'nosuchfilter'",
        "{{ x | truncate }} → No filter named 'truncate'",
        "{{ x is nosuchtest }} → No test named 'nosuchtest'",
        "{% nosuchtag %} → Unknown tag 'nosuchtag'",
        "{{ 2 | round }} → No filter named 'round'",
        "{{ 'a' is lower }} → No test named 'lower'",
        "{{ '%s' % 1 }} → Cannot compute str % int",
        "{{ '{}'.format(1) }} → 'format' of a value of type str is undefined",
        "{{ 'hello'.find('l', 3) }} → 2 arguments are too many",
        "{{ [1] < [2] }} → Cannot order list and list",
        "{{ words | map('upper') | length }} → A value of type generator has no length",
        "{{ words | unique | tojson }} → A value of type generator cannot be written",
        "{{ dict(**words) }} → Expected a dict, found list",
        "{{ 2 ** 3 }} → found '**'",
        "{% with a = 1 %}{% endwith %} → Unknown tag 'with'",
        "{% raw %}{% endraw %} → Unknown tag 'raw'",
        "{% for x in [] %}{% else %}{% endfor %} → Unknown tag 'else'",
        "{% for x in [] recursive %}{% endfor %} → found 'recursive'",
        "{% include 'f' %} → reaches for other templates",
        "{% for x in 5 %}{% endfor %} → Cannot iterate over int",
        "{% macro m(a) %}{{ varargs }}{% endmacro %}{{ m(1, 2) }} → 2 arguments are too many",
        "{% macro m(a) %}{{ kwargs }}{% endmacro %}{{ m(1, b=2) }} → no parameter 'b'",
        "{{ raise_exception('no') }} → no",
        "{{ 'a → not closed",
        "{{ ''.__class__.__mro__ }} → is undefined",
        "{{ ''['__class__']['__mro__'] }} → is undefined",
        "{{ messages.getClass() }} → is undefined",
        "{{ range.__globals__ }}x{{ self.x }} → 'self' is undefined",
        "{% set ns = namespace(_x=1) %} → reserved",
        "{% set words.x = 1 %} → only a namespace",
        "{% set = 1 %} → Expected name, found '='",
        "{{ range(1000000) }} → too long",
        "{{ {[1]: 2} }} → A list cannot be a key",
        "{{ {(1, ([2], 3)): 4} }} → A tuple cannot be a key",
      })
  void refuses(String template, String message) {
    assertThatThrownBy(() -> render(template))
        .isInstanceOf(JinjaException.class)
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% set ns = namespace(s='xxxxxxxx') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
        "{{ 'x' * 999999999 }}",
        "{{ 'a' * 30000000 }}",
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{{ ('a' * 8000000) | list }}",
        "{{ ('a ' * 5000000).split() | length }}",
        "{% set ns = namespace(l=[]) %}{% set s = 'a' * 900000 %}{% for i in range(9999) %}{% set ns.l = ns.l + [s.upper()] %}{% endfor %}",
        "{% set ns = namespace(l=[]) %}{% set d = dict(a=1, b=2, c=3) %}{% for i in range(99999) %}{% for j in range(99999) %}{% set ns.l = [ns.l, d.items()] %}{% endfor %}{% endfor %}",
        "{{ strftime_now('%Y' * 999999) }}",
        "{{ [0] * 999999999 }}",
        "{% for i in range(99999) %}{{ 'x' * 9999 }}{% endfor %}",
        "{% set ns = namespace(l=[1]) %}{% for i in range(99) %}{% set ns.l = ns.l + ns.l %}{% endfor %}",
        "{{ ('a' * 9999).replace('', 'b' * 9999) }}",
        "{% set ns = namespace(l=[1]) %}{% for i in range(99) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}",
        "{% set ns = namespace(l=[1]) %}{% for i in range(99) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l | tojson }}",
        "{% set ns = namespace(l=[1], m=[1]) %}{% for i in range(99) %}{% set ns.l = [ns.l, ns.l] %}{% set ns.m = [ns.m, ns.m] %}{% endfor %}{{ ns.l == ns.m }}",
        "{% set ns = namespace(l=[1], m=[1]) %}{% for i in range(99) %}{% set ns.l = [ns.l, ns.l] %}{% set ns.m = [ns.m, ns.m] %}{% endfor %}{{ ns.l < ns.m }}",
        "{% set ns = namespace(t=(1,)) %}{% for i in range(99) %}{% set ns.t = (ns.t, ns.t) %}{% endfor %}{{ {ns.t: 1} }}",
        "{% set ns = namespace(l=[]) %}{% for i in range(90000) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l }}",
        "{% set s = 'a' * 4000000 %}{{ s.find('a' * 2000000 ~ 'b') }}",
        "{{ ('\n' * 100000) | indent('x' * 100000) }}",
        "{{ [ 'x' * 9000000 ] * 1000 | join }}{{ (['x' * 9000000] * 1000) | tojson }}",
        "{{ ('a' * 4000000) | trim('b' * 4000000 ~ 'a') }}",
        "{{ ('a' * 4000000).strip(chars='b' * 4000000 ~ 'a') }}",
        "{{ ('a' * 4000000) | replace('a' * 2000000 ~ 'b', '') }}",
        "{% set s = 'a' * 4000000 %}{% for i in range(9999) %}{% if s[-1] %}{% endif %}{% endfor %}",
        "{% set s = 'a' * 4000000 %}{% for i in range(9999) %}{% if s | length %}{% endif %}{% endfor %}",
        "{% set s = 'a' * 4000000 %}{% for i in range(9999) %}{% if s | reverse %}{% endif %}{% endfor %}",
        "{% set l = [0] * 2000000 %}{% for i in range(999) %}{{ l | int }}{% endfor %}",
        "{% set l = [0] * 2000000 %}{% for i in range(999) %}{{ 'a' | replace(l, 'b') }}{% endfor %}",
        "{% set l = [0] * 2000000 %}{% for i in range(999) %}{{ ['a'] | join(l) }}{% endfor %}",
        "{% set t = ('b',) * 4000000 %}{% for i in range(9999) %}{{ 'a'.startswith(t) }}{% endfor %}",
        "{% set t = (1,) * 4000000 %}{% for i in range(9999) %}{{ {}.get(t) }}{% endfor %}",
        "{% set ns = namespace(t=(1,)) %}{% for i in range(400) %}{% set ns.t = (ns.t,) %}{% endfor %}{{ {}.get(ns.t) }}",
        "{% set s = 'a' * 8000000 %}{% for i in range(999) %}{% if [1, 2] | tojson(separators=(s, s)) %}{% endif %}{% endfor %}",
      })
  void aHostileTemplateEndsWithAnError(String template) {
    assertThatThrownBy(() -> render(template)).isInstanceOf(JinjaException.class);
  }

  @Test
  void deepNestingIsAnErrorAndNotAStackOverflow() {
    for (String deep :
        List.of(
            "(".repeat(5000),
            "[".repeat(5000),
            "not ".repeat(5000),
            "-".repeat(5000),
            "1" + "+1".repeat(5000))) {
      assertThatThrownBy(() -> render("{{ " + deep + " }}")).isInstanceOf(JinjaException.class);
    }
    assertThatThrownBy(() -> render("{% if 1 %}".repeat(5000))).isInstanceOf(JinjaException.class);
  }

  @Test
  void marksWhereTheAssistantSpeaks() {
    Rendering rendering =
        Template.parse(
                "ab{% generation %}cd{% endgeneration %}e{% generation %}{% endgeneration %}")
            .render(VARIABLES, CLOCK);
    assertThat(rendering.text()).isEqualTo("abcde");
    assertThat(rendering.generated())
        .containsExactly(new Rendering.Span(2, 4), new Rendering.Span(5, 5));
  }

  @Test
  void errorsCarryTheLine() {
    assertThatThrownBy(() -> render("a\n\n{{ missing.x }}"))
        .isInstanceOfSatisfying(JinjaException.class, e -> assertThat(e.line()).isEqualTo(3));
  }

  private static String render(String template) {
    return Template.parse(template).render(VARIABLES, CLOCK).text();
  }
}
