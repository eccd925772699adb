/**
 * What a chat model's answer means. Every family marks its reasoning and writes its tool calls in its own way; here each
 * way is a record of markers and shapes ({@link tokamak.chat.ToolFormat}, {@link tokamak.chat.ReasoningFormat}), read by
 * one incremental parser ({@link tokamak.chat.OutputParser}).
 */
@NullMarked
package tokamak.chat;

import org.jspecify.annotations.NullMarked;
