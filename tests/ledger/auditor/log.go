package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Sizes at which trees and tiles have their edges.
var edges = []int64{1, 2, 3, 255, 256, 257, 65535, 65536, 65537}

type logFolder struct {
	dir    string
	tree   tlog.Tree
	hashes tlog.HashReader
}

// C2SP's path of a tile is that of x/mod without the height.
func c2spPath(tile tlog.Tile) string { return strings.Replace(tile.Path(), "tile/8/", "tile/", 1) }

func (l *logFolder) Height() int                      { return 8 }
func (l *logFolder) SaveTiles([]tlog.Tile, [][]byte) {}
func (l *logFolder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range tiles {
		bytes, err := os.ReadFile(filepath.Join(l.dir, c2spPath(tile)))
		if err != nil {
			return nil, err
		}
		found = append(found, bytes)
	}
	return found, nil
}

func openLog(dir string, verifier note.Verifier) *logFolder {
	text, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	must(err, "checkpoint")
	signed, err := note.Open(text, note.VerifierList(verifier))
	must(err, "checkpoint")
	lines := strings.Split(signed.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		fail("checkpoint: its origin is not %s", verifier.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err, "checkpoint: size")
	root, err := base64.StdEncoding.DecodeString(lines[2])
	must(err, "checkpoint: root")
	l := &logFolder{dir: dir, tree: tlog.Tree{N: size}}
	copy(l.tree.Hash[:], root)
	// Reads a tile only after it has shown that the tile is under the checkpoint's root.
	l.hashes = tlog.TileHashReader(l.tree, l)
	return l
}

// Every entry in order, after its bundle was compared with the leaves under the root.
func (l *logFolder) entries(visit func(index int64, entry []byte)) {
	for first := int64(0); first < l.tree.N; first += 256 {
		width := l.tree.N - first
		if width > 256 {
			width = 256
		}
		tile := tlog.Tile{H: 8, L: 0, N: first / 256, W: int(width)}
		path := strings.Replace(c2spPath(tile), "tile/0/", "tile/entries/", 1)
		bundle, err := os.ReadFile(filepath.Join(l.dir, path))
		must(err, path)
		var places []int64
		var entries [][]byte
		for i := int64(0); i < width; i++ {
			if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
				fail("%s ends too early", path)
			}
			end := 2 + int(binary.BigEndian.Uint16(bundle))
			entries = append(entries, bundle[2:end])
			places = append(places, tlog.StoredHashIndex(0, first+i))
			bundle = bundle[end:]
		}
		if len(bundle) != 0 {
			fail("%s holds more than its entries", path)
		}
		hashes, err := l.hashes.ReadHashes(places)
		must(err, path)
		for i, entry := range entries {
			if tlog.RecordHash(entry) != hashes[i] {
				fail("%s: entry %d is not the leaf under the root", path, first+int64(i))
			}
			visit(first+int64(i), entry)
		}
	}
}

func (l *logFolder) verify() {
	root, err := tlog.TreeHash(l.tree.N, l.hashes)
	must(err, "root")
	if root != l.tree.Hash {
		fail("the tiles do not give the checkpoint's root")
	}
	count := 0
	l.entries(func(int64, []byte) { count++ })
	included, consistent := 0, 0
	for _, n := range append([]int64{l.tree.N}, edges...) {
		if n < 1 || n > l.tree.N {
			continue
		}
		leaf, err := l.hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, n-1)})
		must(err, "leaf")
		record, err := tlog.ProveRecord(l.tree.N, n-1, l.hashes)
		must(err, "inclusion")
		must(tlog.CheckRecord(record, l.tree.N, l.tree.Hash, n-1, leaf[0]), "inclusion")
		included++
		old, err := tlog.TreeHash(n, l.hashes)
		must(err, "root of a beginning")
		proof, err := tlog.ProveTree(l.tree.N, n, l.hashes)
		must(err, "consistency")
		must(tlog.CheckTree(proof, l.tree.N, l.tree.Hash, n, old), "consistency")
		consistent++
	}
	fmt.Printf("auditor: verified: %d entries, %d inclusion proofs, %d consistency proofs\n", count, included, consistent)
}
