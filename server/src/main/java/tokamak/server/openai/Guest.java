package tokamak.server.openai;

import tokamak.server.access.Caller;
import tokamak.server.trace.RequestSpan;

/**
 * A request that has been let in to make models work.
 *
 * @param models those that its caller may use
 * @param visit counts what it uses
 * @param span what is told about it
 */
record Guest(Caller caller, ServedModels models, Caller.Visit visit, RequestSpan span) {}
