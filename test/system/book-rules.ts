// What the rows of a database must not show, as queries that find the rows that break a rule: of money,
// places, numbers and pushes. For the scripts that kill a server and for the soak.

/** True at every instant, also between a death and the next start. */
export const alwaysRules = {
  "a payment is consumed and charged, once, or neither": `
    SELECT p.id, p.status, count(t.id) FROM payment_requests p LEFT JOIN transactions t ON t.payment_id = p.id
    GROUP BY p.id HAVING count(t.id) <> CASE WHEN p.status = 'consumed' THEN 1 ELSE 0 END
      OR bool_or(t.amount_idr <> p.amount_idr)`,
  "a place is taken by each chat that runs, and by nothing else": `
    SELECT coalesce(s.id, m.session_id) AS id, s.status, m.slot FROM mitra_slots m
    FULL JOIN (SELECT * FROM chat_sessions WHERE status IN ('active', 'extending')) s
      ON s.id = m.session_id AND s.mitra_id = m.mitra_id
    WHERE s.id IS NULL OR m.session_id IS NULL`,
  "a session's events and messages share one row of numbers, without a gap": `
    SELECT s.id, s.last_seq, count(n.seq) FROM chat_sessions s LEFT JOIN
      (SELECT session_id, seq FROM session_events UNION ALL SELECT session_id, seq FROM messages) n
      ON n.session_id = s.id
    GROUP BY s.id HAVING count(n.seq) <> s.last_seq OR count(DISTINCT n.seq) <> s.last_seq
      OR coalesce(max(n.seq), 0) <> s.last_seq`,
  "no push is pending for an offer that is over": `
    SELECT p.id FROM push_outbox p JOIN chat_request_notifications o
      ON o.session_id = p.session_id AND o.mitra_id = p.user_id
    WHERE p.kind = 'offer' AND p.status = 'pending' AND o.status <> 'pending'`,
  "a session waits or runs while its payment allows it": `
    SELECT s.id, s.status, p.status FROM chat_sessions s JOIN payment_requests p ON p.id = s.payment_id
    WHERE p.status <> CASE WHEN s.status IN ('searching', 'pending_acceptance') THEN 'confirmed'
      WHEN s.status IN ('cancelled', 'expired') THEN p.status ELSE 'consumed' END`
}

/** True when nothing runs any more. */
export const atEndRules = {
  "every session has ended": `SELECT id, status FROM chat_sessions WHERE ended_at IS NULL`,
  "no offer is open": `SELECT * FROM chat_request_notifications WHERE status = 'pending'`,
  "no payment is confirmed without a session that was its own, or a failure that staff see": `
    SELECT id FROM payment_requests WHERE status = 'confirmed' AND failure_cause IS NULL`,
  "what a chat served is what was paid for it": `
    SELECT s.id, s.ledger, sum(p.duration_seconds) FROM chat_sessions s
    JOIN payment_requests p ON p.status = 'consumed' AND (p.id = s.payment_id OR p.extends_session_id = s.id)
    WHERE s.status = 'completed'
    GROUP BY s.id HAVING (s.ledger->>'purchased_ms')::bigint <> sum(p.duration_seconds) * 1000`
}
