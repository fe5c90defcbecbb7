// Package survey finds out everything that a server accepts, in few round trips:
// each dimension is a question of what is chosen from a list, many are asked at
// once, and an answer decides what has to be asked next.
//
// Its files: choice.go is the search for all that is accepted and its order;
// pace.go holds how much is asked at a time; the others ask for one thing each.
//
// What the facts mean is told by pure functions, which meaning.go lists.
package survey
