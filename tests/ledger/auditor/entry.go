package main

import "math"

// Account kinds, entry codes and line codes as docs/formats/log.md numbers them.
const (
	accountMint   = 0
	accountEscrow = 2
	accountHeld   = 4
	accountFee    = 7

	codeFund, codeEscrowHold, codeResult, codeSettle, codeRefund, codeSlash, codeVest = 0, 1, 2, 3, 4, 5, 6
	codeCorrection, codePriceList, codeKeyAdd, codeKeyRevoke, codeQuote               = 7, 8, 9, 10, 11
	codeVerdict, codeLogOpen                                                          = 12, 13

	lineSettle, lineFee = 2, 3
)

type account struct{ kind, owner uint64 }
type line struct {
	code          uint64
	debit, credit account
	amount        int64
}
type taskRange struct{ first, count uint64 }
type step struct{ job, step uint64 }

// Reads LEB128 numbers; says with ok whether all of them were there.
type reader struct {
	bytes []byte
	ok    bool
}

func (r *reader) number() uint64 {
	var value uint64
	for shift := uint(0); shift < 64; shift += 7 {
		if len(r.bytes) == 0 {
			break
		}
		b := r.bytes[0]
		r.bytes = r.bytes[1:]
		value |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return value
		}
	}
	r.ok = false
	return 0
}
func (r *reader) signed() int64 { v := r.number(); return int64(v>>1) ^ -int64(v&1) }
func (r *reader) digest() (d [32]byte) {
	if len(r.bytes) < 32 {
		r.ok, r.bytes = false, nil
		return
	}
	copy(d[:], r.bytes)
	r.bytes = r.bytes[32:]
	return
}
func (r *reader) count() int {
	n := r.number()
	if n > uint64(len(r.bytes)) || n > math.MaxInt32 {
		r.ok = false
		return 0
	}
	return int(n)
}
func (r *reader) step() step       { return step{r.number(), r.number()} }
func (r *reader) account() account { return account{r.number(), r.number()} }
func (r *reader) ranges() []taskRange {
	list := make([]taskRange, r.count())
	for i := range list {
		list[i] = taskRange{r.number(), r.number()}
	}
	return list
}
func (r *reader) lines() []line {
	list := make([]line, r.count())
	for i := range list {
		list[i] = line{r.number(), r.account(), r.account(), r.signed()}
	}
	return list
}
