package tokamak.server.http;

/** Why a request is answered without asking a handler. @param message one sentence for whoever sent it */
record Refusal(int status, String message) {}
