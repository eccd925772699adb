package tokamak.chat;

/** What a piece of an answer adds to the message. */
public sealed interface OutputEvent {
    /** The model thinks. */
    record Reasoning(String text) implements OutputEvent {}

    /** The model speaks. */
    record Content(String text) implements OutputEvent {}

    /**
     * The model begins to call a function; its arguments follow.
     *
     * @param ordinal which call of the answer, from 0
     * @param id for the client to refer to, in the form that the model's chat template accepts
     */
    record CallBegin(int ordinal, String id, String name) implements OutputEvent {}

    /**
     * The arguments of a call grow.
     *
     * @param json all fragments of a call, one after another, are the JSON text of its arguments
     */
    record Arguments(int ordinal, String json) implements OutputEvent {}
}
