package tokamak.server.http;

/** What the server tells all its connections. */
enum Notice {
    /** Take no further requests; close once the open ones are answered. */
    DRAIN
}
