/* Whether what is drawn on a canvas can be kept; see writable.c. Loop thread. */
#ifndef KOLAM_SERVER_WRITABLE_H
#define KOLAM_SERVER_WRITABLE_H

struct kolam_canvas;
struct kolam_session;

/* Looks, and tells the log and everybody on the canvas when that has changed. */
void kolam_writable_watch(struct kolam_canvas *canvas);
/* Somebody came: told only if it cannot. */
void kolam_writable_tell(struct kolam_session *session);

#endif
