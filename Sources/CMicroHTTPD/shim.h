#pragma once
#include <microhttpd.h>
#include <stdint.h>

/* What Swift cannot call: MHD_start_daemon and MHD_get_connection_info are variadic. */

/* Leaves %HH and everything else as it came: the program decodes a path after splitting it, so that an encoded slash
   stays inside its segment. Returns the length that MHD asks for. */
static inline size_t lectern_mhd_keep(void *context, struct MHD_Connection *connection, char *text) {
  (void)context;
  (void)connection;
  size_t length = 0;
  while (text[length] != 0) length++;
  return length;
}

/* What the library calls with a request's target before it takes it apart; the request's context is what this returns. */
typedef void *(*lectern_mhd_target_callback)(void *context, const char *target, struct MHD_Connection *connection);

/* The socket of a connection, which is the library's; -1 if it does not say. Only inside its callbacks. */
static inline MHD_socket lectern_mhd_socket(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info == NULL ? -1 : info->connect_fd;
}

/* The bytes from the first of a request to the last of its headers' empty line; 0 if the library does not say. */
static inline size_t lectern_mhd_header_bytes(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
  return info == NULL ? 0 : info->header_size;
}

/* Starts `threads` (two or more) epoll threads on a listening, non-blocking socket, which the daemon owns from then on if this
   succeeds. `context` goes to all callbacks. Returns NULL if it could not start. */
static inline struct MHD_Daemon *lectern_mhd_start(
  MHD_socket listening, unsigned int threads, unsigned int connections, unsigned int idle_seconds,
  size_t connection_memory, MHD_NotifyConnectionCallback connected, lectern_mhd_target_callback target,
  MHD_AccessHandlerCallback handle, MHD_RequestCompletedCallback completed, void *context) {
  const unsigned int flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
  return MHD_start_daemon(
    flags, 0, NULL, NULL, handle, context, MHD_OPTION_LISTEN_SOCKET, listening, MHD_OPTION_THREAD_POOL_SIZE, threads,
    MHD_OPTION_CONNECTION_LIMIT, connections, MHD_OPTION_CONNECTION_TIMEOUT, idle_seconds,
    MHD_OPTION_CONNECTION_MEMORY_LIMIT, connection_memory, MHD_OPTION_STRICT_FOR_CLIENT, 1,
    MHD_OPTION_UNESCAPE_CALLBACK, lectern_mhd_keep, NULL, MHD_OPTION_NOTIFY_CONNECTION, connected, context,
    MHD_OPTION_URI_LOG_CALLBACK, target, context, MHD_OPTION_NOTIFY_COMPLETED, completed, context, MHD_OPTION_END);
}
