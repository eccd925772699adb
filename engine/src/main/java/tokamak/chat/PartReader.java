package tokamak.chat;

/** Reads one part of a call as it comes. */
interface PartReader {
    /** How far a reader has come. */
    enum Progress {
        DONE,
        /** More text is needed. */
        MORE,
        /** This is not what was expected. */
        FAILED;

        static Progress of(Input.Match match) {
            return switch (match) {
                case YES -> DONE;
                case NO -> FAILED;
                case UNKNOWN -> MORE;
            };
        }
    }

    /** Takes what it understands from the input. */
    Progress read(Input in, CallSink sink);

    static PartReader of(Part part) {
        return switch (part) {
            case Part.Literal literal -> (in, _) -> Progress.of(in.accept(literal.text()));
            case Part.Name _ -> new NameReader("");
            case Part.NumberedName numbered -> new NameReader(numbered.prefix());
            case Part.Arguments _ -> new ArgumentsReader();
            case Part.NamedJson json -> new NamedJsonReader(json.nameKey(), json.argumentsKey());
            case Part.Tags tags -> new TagsReader(tags);
            case Part.Keywords _ -> new KeywordsReader();
            case Part.Unquoted unquoted -> new UnquotedReader(unquoted.quote());
        };
    }
}
