package tokamak.text.jinja;

/** A string marked as safe HTML: text joined to it is escaped. */
record Markup(String text) {}
