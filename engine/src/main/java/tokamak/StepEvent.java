package tokamak;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** One step, for JDK Flight Recorder. The engine thread has one and uses it again and again: a step makes no garbage. */
@Name("tokamak.Step")
@Label("Step")
@Category("Tokamak")
@Description("One forward pass over everything that is computed at once")
@StackTrace(false)
final class StepEvent extends Event {
    @Label("Sequences")
    int sequences;

    @Label("Tokens")
    @Description("Rows computed")
    int tokens;

    @Label("Prefill Tokens")
    @Description("Of these, rows of sequences that had more than one")
    int prefillTokens;

    @Label("Running")
    int running;

    @Label("Waiting")
    int waiting;

    @Label("KV Blocks Used")
    int kvBlocksUsed;
}
