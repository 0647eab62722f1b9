// Auditor of a Reeve region's transparent log: an independent reader that shares no code with the region.
//
//	auditor verify DIR VKEY_FILE              checkpoint, tiles, entries, inclusion and consistency, by golang.org/x/mod
//	auditor replay DIR VKEY_FILE [BALANCES]   replays the entries by the rules of docs/formats/log.md; compares balances
//
// BALANCES has a line for each account: kind, owner, micro-credits. Ends with 1 and one line that says what does not fit.
package main

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

func fail(format string, words ...interface{}) {
	fmt.Printf("auditor: "+format+"\n", words...)
	os.Exit(1)
}

func must(err error, what string) {
	if err != nil {
		fail("%s: %v", what, err)
	}
}

func readVerifier(path string) note.Verifier {
	text, err := os.ReadFile(path)
	must(err, "the log's key")
	verifier, err := note.NewVerifier(strings.TrimSpace(string(text)))
	must(err, "the log's key")
	return verifier
}

func main() {
	if len(os.Args) < 4 {
		fail("verify DIR VKEY_FILE | replay DIR VKEY_FILE [BALANCES]")
	}
	log := openLog(os.Args[2], readVerifier(os.Args[3]))
	switch os.Args[1] {
	case "verify":
		log.verify()
	case "replay":
		balances := ""
		if len(os.Args) > 4 {
			balances = os.Args[4]
		}
		log.replay(balances)
	default:
		fail("'%s' is neither verify nor replay", os.Args[1])
	}
}
