package tokamak.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tokamak.text.jinja.Expr.FilterStep;
import tokamak.text.jinja.Stmt.MacroSpec;
import tokamak.text.jinja.Stmt.Target;

/** Parses statements; expressions are left to {@link ExpressionParser}. */
final class TemplateParser {
    private final TokenCursor in;
    private final ExpressionParser expressions;
    private int loops;

    private TemplateParser(TokenCursor in) {
        this.in = in;
        this.expressions = new ExpressionParser(in);
    }

    static List<Stmt> parse(String source, Limits limits) {
        if (source.length() > limits.maxSourceChars()) {
            throw JinjaException.limit("the template has " + source.length() + " characters, at most "
                    + limits.maxSourceChars() + " are accepted");
        }
        TemplateParser parser = new TemplateParser(new TokenCursor(Lexer.tokenize(source), limits.maxNesting()));
        return parser.statements("");
    }

    /** Statements up to a tag whose name is one of {@code ends}, which stays current; "" is the end of the template. */
    private List<Stmt> statements(String... ends) {
        int level = in.nesting();
        in.deeper();
        List<Stmt> body = new ArrayList<>();
        while (!in.at(Token.Kind.END)) {
            Token token = in.next();
            switch (token.kind()) {
                case DATA -> body.add(new Stmt.Data(token.text()));
                case VARIABLE_BEGIN -> {
                    body.add(new Stmt.Output(expressions.tuple(), token.line()));
                    in.expect(Token.Kind.VARIABLE_END, "'}}'");
                }
                case BLOCK_BEGIN -> {
                    if (in.at(Token.Kind.NAME)
                            && List.of(ends).contains(in.current().text())) {
                        in.back(level);
                        return List.copyOf(body);
                    }
                    body.addAll(statement(ends));
                    in.expect(Token.Kind.BLOCK_END, "'%}'");
                }
                case VARIABLE_END, BLOCK_END, NAME, STRING, INTEGER, FLOAT, OPERATOR, END ->
                    throw in.fail("unexpected " + token.describe());
            }
        }
        if (!ends[0].isEmpty()) {
            throw in.fail("Unexpected end of template. Jinja was looking for the following tags: '"
                    + String.join("' or '", ends) + "'.");
        }
        in.back(level);
        return List.copyOf(body);
    }

    /** A statement's body: from the end of its opening tag to the name in its closing tag. */
    private List<Stmt> body(String... ends) {
        in.skipOperator(":");
        in.expect(Token.Kind.BLOCK_END, "'%}'");
        return statements(ends);
    }

    private List<Stmt> lastBody(String end) {
        List<Stmt> body = body(end);
        in.next();
        return body;
    }

    private List<Stmt> statement(String[] ends) {
        int line = in.line();
        String tag = in.expect(Token.Kind.NAME, "a tag name").text();
        return switch (tag) {
            case "for" -> List.of(forLoop(line));
            case "if" -> List.of(ifElse(line));
            case "set" -> List.of(set(line));
            case "macro" -> List.of(new Stmt.Macro(macro(in.name(), "endmacro")));
            case "call" -> List.of(callBlock(line));
            case "filter" -> List.of(filterBlock(line));
            case "with" -> List.of(with(line));
            case "print" -> print(line);
            case "break" -> List.of(loopControl(tag, new Stmt.Break()));
            case "continue" -> List.of(loopControl(tag, new Stmt.Continue()));
            case "generation" -> List.of(new Stmt.Scoped(isolated("endgeneration")));
            case "block" -> List.of(block());
            case "include", "import", "from", "extends" ->
                throw JinjaException.syntax(
                        "'" + tag
                                + "' is not accepted: a chat template must be one file; paste the other template into it",
                        line);
            case "autoescape" ->
                throw JinjaException.syntax(
                        "'autoescape' is not accepted: chat templates are never escaped; use the escape filter", line);
            default ->
                throw JinjaException.syntax(
                        "Encountered unknown tag '" + tag + "'."
                                + (ends[0].isEmpty()
                                        ? ""
                                        : " Jinja was looking for the following tags: '" + String.join("' or '", ends)
                                                + "'."),
                        line);
        };
    }

    private Stmt loopControl(String tag, Stmt statement) {
        if (loops == 0) {
            throw in.fail("'" + tag + "' outside of a loop");
        }
        return statement;
    }

    /** A body that becomes a function in Jinja2: a loop outside cannot be left from inside. */
    private List<Stmt> isolated(String end) {
        int outer = loops;
        loops = 0;
        List<Stmt> body = lastBody(end);
        loops = outer;
        return body;
    }

    private Stmt forLoop(int line) {
        Target target = target(false);
        in.expectName("in");
        Expr iterable = expressions.tupleBeforeIf();
        Expr filter = in.skipName("if") ? expressions.expression() : null;
        boolean recursive = in.skipName("recursive");
        loops++;
        List<Stmt> body = body("endfor", "else");
        loops--;
        List<Stmt> otherwise = in.next().isName("else") ? lastBody("endfor") : List.of();
        return new Stmt.For(target, iterable, filter, recursive, body, otherwise, line);
    }

    private Stmt ifElse(int line) {
        List<Expr> tests = new ArrayList<>();
        List<List<Stmt>> bodies = new ArrayList<>();
        while (true) {
            tests.add(expressions.tupleBeforeIf());
            bodies.add(body("elif", "else", "endif"));
            Token end = in.next();
            if (end.isName("elif")) {
                continue;
            }
            bodies.add(end.isName("else") ? lastBody("endif") : List.of());
            return new Stmt.If(List.copyOf(tests), List.copyOf(bodies), line);
        }
    }

    private Stmt set(int line) {
        Target target = target(true);
        if (in.skipOperator("=")) {
            return new Stmt.Set(target, expressions.tuple(), line);
        }
        List<FilterStep> filters = new ArrayList<>();
        while (in.skipOperator("|")) {
            filters.add(expressions.filterStep());
        }
        return new Stmt.SetBlock(target, List.copyOf(filters), isolated("endset"), line);
    }

    private Stmt callBlock(int line) {
        List<String> parameters = new ArrayList<>();
        List<@Nullable Expr> defaults = new ArrayList<>();
        if (in.atOperator("(")) {
            signature(parameters, defaults);
        }
        if (!(expressions.expression() instanceof Expr.Call call)) {
            throw JinjaException.syntax("expected call", line);
        }
        return new Stmt.CallBlock(call, macroBody("caller", parameters, defaults, "endcall"), line);
    }

    private Stmt filterBlock(int line) {
        List<FilterStep> filters = new ArrayList<>();
        do {
            filters.add(expressions.filterStep());
        } while (in.skipOperator("|"));
        return new Stmt.FilterBlock(List.copyOf(filters), isolated("endfilter"), line);
    }

    private Stmt with(int line) {
        List<Target> targets = new ArrayList<>();
        List<Expr> values = new ArrayList<>();
        while (!in.at(Token.Kind.BLOCK_END)) {
            if (!targets.isEmpty()) {
                in.expectOperator(",");
            }
            targets.add(target(false));
            in.expectOperator("=");
            values.add(expressions.expression());
        }
        return new Stmt.With(List.copyOf(targets), List.copyOf(values), lastBody("endwith"), line);
    }

    private List<Stmt> print(int line) {
        List<Stmt> outputs = new ArrayList<>();
        while (!in.at(Token.Kind.BLOCK_END)) {
            if (!outputs.isEmpty()) {
                in.expectOperator(",");
            }
            outputs.add(new Stmt.Output(expressions.expression(), line));
        }
        return outputs;
    }

    private Stmt block() {
        String name = in.name();
        in.skipName("scoped");
        in.skipName("required");
        List<Stmt> body = isolated("endblock");
        in.skipName(name);
        return new Stmt.Scoped(body);
    }

    private MacroSpec macro(String name, String end) {
        List<String> parameters = new ArrayList<>();
        List<@Nullable Expr> defaults = new ArrayList<>();
        signature(parameters, defaults);
        return macroBody(name, parameters, defaults, end);
    }

    private void signature(List<String> parameters, List<@Nullable Expr> defaults) {
        in.expectOperator("(");
        boolean optional = false;
        while (!in.atOperator(")")) {
            if (!parameters.isEmpty()) {
                in.expectOperator(",");
            }
            parameters.add(assignable(in.name()));
            boolean hasDefault = in.skipOperator("=");
            if (optional && !hasDefault) {
                throw in.fail("non-default argument follows default argument");
            }
            optional |= hasDefault;
            defaults.add(hasDefault ? expressions.expression() : null);
        }
        in.next();
    }

    private MacroSpec macroBody(String name, List<String> parameters, List<@Nullable Expr> defaults, String end) {
        Set<String> outer = expressions.beginNames();
        List<Stmt> body = isolated(end);
        Set<String> names = expressions.endNames(outer);
        return new MacroSpec(
                name,
                List.copyOf(parameters),
                java.util.Collections.unmodifiableList(defaults),
                body,
                names.contains("varargs"),
                names.contains("kwargs"),
                names.contains("caller"));
    }

    /** One or more names to assign to; with {@code allowNamespace} also attributes of namespaces. */
    private Target target(boolean allowNamespace) {
        List<Target> targets = new ArrayList<>();
        boolean comma = false;
        while (!in.atName("in") && !in.atOperator("=") && !in.at(Token.Kind.BLOCK_END) && !in.atOperator(")")) {
            targets.add(singleTarget(allowNamespace));
            if (!in.skipOperator(",")) {
                break;
            }
            comma = true;
        }
        if (targets.isEmpty()) {
            throw in.fail("expected a name to assign to, got " + in.current().describe());
        }
        return comma ? new Target.Unpacked(List.copyOf(targets)) : targets.getFirst();
    }

    private Target singleTarget(boolean allowNamespace) {
        int level = in.nesting();
        in.deeper();
        Target target;
        if (in.skipOperator("(")) {
            target = target(false);
            in.expectOperator(")");
        } else {
            String name = in.name();
            if (allowNamespace && in.skipOperator(".")) {
                target = new Target.NamespaceAttribute(name, in.name());
            } else {
                target = new Target.Variable(assignable(name));
            }
        }
        in.back(level);
        return target;
    }

    private String assignable(String name) {
        if (Set.of("true", "false", "none", "True", "False", "None").contains(name)) {
            throw in.fail("can't assign to '" + name + "'");
        }
        return name;
    }
}
