package tokamak.chat;

/** Reads answers of one kind. */
interface OutputReader {
    void push(String text);

    void finish();

    boolean isReasoning();

    int numToolCalls();
}
