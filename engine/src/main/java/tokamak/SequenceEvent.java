package tokamak;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** One answer from submission to end, for JDK Flight Recorder. */
@Name("tokamak.Request")
@Label("Request")
@Category("Tokamak")
@Description("One answer, or one text that was embedded, from its submission to its end")
@StackTrace(false)
final class SequenceEvent extends Event {
    @Label("Request Id")
    String requestId = "";

    @Label("Queue Time")
    @Timespan(Timespan.NANOSECONDS)
    long queueTime;

    @Label("Prefill Time")
    @Description("From the end of waiting until the prompt was computed")
    @Timespan(Timespan.NANOSECONDS)
    long prefillTime;

    @Label("Decode Time")
    @Description("From then until the end")
    @Timespan(Timespan.NANOSECONDS)
    long decodeTime;

    @Label("Prompt Tokens")
    int promptTokens;

    @Label("Cached Tokens")
    @Description("Prompt tokens found in the prefix cache")
    int cachedTokens;

    @Label("Generated Tokens")
    int generatedTokens;

    @Label("Preemptions")
    int preemptions;

    @Label("Finish Reason")
    @Description(
            "As the engine thread saw it: stop strings are found by the reader, which ends the sequence with abort")
    String finishReason = "";
}
