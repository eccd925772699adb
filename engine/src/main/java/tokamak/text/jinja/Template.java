package tokamak.text.jinja;

import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A parsed template: immutable, to be parsed once and rendered often, by any thread. */
public final class Template {
    private final List<Stmt> body;
    private final Limits limits;

    private Template(List<Stmt> body, Limits limits) {
        this.body = body;
        this.limits = limits;
    }

    /** @throws JinjaException if the text is not a valid template, uses a refused part or exceeds the limits */
    public static Template parse(String source, Limits limits) {
        return new Template(guarded(() -> TemplateParser.parse(source, limits)), limits);
    }

    /**
     * Renders with the system's clock.
     *
     * @throws JinjaException if the template fails, calls {@code raise_exception} or reaches a limit
     * @see #render(Map, Clock)
     */
    public String render(Map<String, ? extends @Nullable Object> context) {
        return render(context, Clock.systemDefaultZone());
    }

    /**
     * Renders.
     *
     * @param context variables by name: null, Boolean, numbers, CharSequence, and Map, Iterable or arrays of those
     * @param clock what {@code strftime_now} reads
     * @throws JinjaException if the template fails, calls {@code raise_exception} or reaches a limit
     * @throws IllegalArgumentException if the context holds something else
     */
    public String render(Map<String, ? extends @Nullable Object> context, Clock clock) {
        Inputs inputs = new Inputs(limits.maxNesting());
        Map<String, @Nullable Object> variables = inputs.convert(context);
        Interpreter interpreter = new Interpreter(new Budget(limits, inputs.size()), clock);
        Scope globals = new Scope(null, Globals.create());
        Scope outermost = new Scope(new Scope(globals, variables));
        return guarded(() -> {
            try {
                return interpreter.render(body, outermost);
            } catch (JinjaException e) {
                throw e.at(interpreter.line());
            }
        });
    }

    /**
     * The limits keep recursion well below a usual stack. A caller that is itself deep in a small one must still get an
     * ordinary refusal.
     */
    private static <T> T guarded(java.util.function.Supplier<T> work) {
        try {
            return work.get();
        } catch (StackOverflowError e) {
            throw JinjaException.limit("the thread's stack is too small for how deeply this template nests");
        }
    }
}
