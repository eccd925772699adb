package tokamak.text.jinja;

/** Nothing at the first call, the separator at every later one. */
final class Joiner implements Callable {
    private final Object separator;
    private boolean used;

    Joiner(Object separator) {
        this.separator = separator;
    }

    @Override
    public Object call(Interpreter interpreter, Args args) {
        Object text = used ? separator : "";
        used = true;
        return text;
    }
}
