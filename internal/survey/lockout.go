package survey

import "slices"

// locksOut tells which clients cannot connect, by the setting that keeps them
// out. Clients whose fate hangs on something that was not asked are left out.
func locksOut(s *Survey, clients oracle) []LockOut {
	out := []LockOut{}
	if len(s.Versions) == 0 {
		return out // nobody connects, and nothing of the server is known
	}
	for _, l := range clients.LockedOut() {
		out = append(out, LockOut{Step: l.Step, Cause: l.Cause, Text: l.Text, Clients: slices.Clone(l.Clients)})
	}
	return out
}
