/* What others see of somebody goes: the pen, the strokes under it, being here. */
#ifndef KOLAM_SERVER_WITHDRAW_H
#define KOLAM_SERVER_WITHDRAW_H

struct kolam_session;

/* Strokes under the pen are forgotten, not committed; those left behind by the same author, too. What is drawn from then on is
 * the doors' to let through. */
void kolam_session_withdraw(struct kolam_session *session);

#endif
