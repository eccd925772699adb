package tokamak;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A running sequence gave up its blocks, for JDK Flight Recorder. */
@Name("tokamak.Preemption")
@Label("Preemption")
@Category("Tokamak")
@Description("A running answer gave up its KV blocks and will be computed again")
@StackTrace(false)
final class PreemptionEvent extends Event {
    @Label("Request Id")
    String requestId = "";

    @Label("Lost Tokens")
    @Description("Tokens that had been computed")
    int lostTokens;

    @Label("Preemptions")
    @Description("How often it happened to this answer")
    int preemptions;
}
