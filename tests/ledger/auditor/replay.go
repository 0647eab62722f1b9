package main

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"math/big"
	"os"
	"reflect"
)

type priceList struct {
	base, rate, feeBp *big.Int
}
type quotedStep struct {
	tasks uint64
	price int64
}
type settlement struct {
	event uint64
	at    step
	slot  uint64
	tasks []taskRange
	pay   int64
}
type paidKey struct {
	at   step
	slot uint64
}

// The books, as the entries alone give them.
type books struct {
	index        int64
	event, part  uint64
	balances     map[account]int64
	lists        map[[32]byte]priceList
	current      [32]byte
	quotes       map[uint64][]quotedStep
	acknowledged map[uint64][]taskRange // by attempt
	paid         map[paidKey][]uint64   // bits of tasks
	held         map[uint64][]settlement
	settled      uint64
}

func (b *books) fail(format string, words ...interface{}) {
	fail("entry %d (event %d): %s", b.index, b.event, fmt.Sprintf(format, words...))
}

// Moves the money; afterwards no account but the mint may be below zero.
func (b *books) move(lines []line) (sum int64) {
	for _, l := range lines {
		if l.amount <= 0 {
			b.fail("a line moves %d", l.amount)
		}
		b.balances[l.debit] -= l.amount
		b.balances[l.credit] += l.amount
		sum += l.amount
	}
	for _, l := range lines {
		if l.debit.kind != accountMint && b.balances[l.debit] < 0 {
			b.fail("account %v holds %d", l.debit, b.balances[l.debit])
		}
	}
	return sum
}

func (b *books) priceList(r *reader) {
	b.current = sha256.Sum256(r.bytes) // the list is all that is left of the entry
	base, rate, fee, _ := r.signed(), r.number(), r.number(), r.signed()
	b.lists[b.current] = priceList{big.NewInt(base), new(big.Int).SetUint64(rate), new(big.Int).SetUint64(fee)}
}

func (b *books) quote(r *reader) {
	job, _, _ := r.number(), r.number(), r.signed()
	list, known := b.lists[r.digest()]
	if !known {
		b.fail("the quote of job %d names a price list that is not in the log", job)
	}
	steps := make([]quotedStep, r.count())
	for i := range steps {
		tasks, work, slots, price := r.number(), r.number(), r.number(), r.signed()
		// (base + ⌈work · rate / 10^12⌉) · slots
		want := new(big.Int).Mul(new(big.Int).SetUint64(work), list.rate)
		want.Add(want, big.NewInt(999_999_999_999)).Div(want, big.NewInt(1_000_000_000_000)).Add(want, list.base)
		want.Mul(want, new(big.Int).SetUint64(slots))
		if want.Cmp(big.NewInt(price)) != 0 {
			b.fail("job %d step %d is quoted at %d, the price list gives %s", job, i, price, want)
		}
		steps[i] = quotedStep{tasks, price}
	}
	b.quotes[job] = steps
}

func (b *books) result(r *reader) {
	attempt, _, _, _ := r.number(), r.number(), r.number(), r.step()
	tasks := taskRange{r.number(), r.number()}
	_, _, _, _ = r.number(), r.digest(), r.number(), r.number()
	b.acknowledged[attempt] = append(b.acknowledged[attempt], tasks)
}

func within(tasks taskRange, ranges []taskRange) bool {
	for first, end := tasks.first, tasks.first+tasks.count; first < end; {
		next := first
		for _, r := range ranges {
			if r.first <= first && first < r.first+r.count && r.first+r.count > next {
				next = r.first + r.count
			}
		}
		if next == first {
			return false
		}
		first = next
	}
	return true
}

func (b *books) settle(r *reader) {
	attempt, _, owner, at, slot := r.number(), r.number(), r.number(), r.step(), r.number()
	tasks, _, price, fee := r.ranges(), r.number(), r.signed(), r.signed()
	list, known := b.lists[r.digest()]
	lines := r.lines()
	steps := b.quotes[at.job]
	if !known || at.step >= uint64(len(steps)) {
		b.fail("pay without a price list or a quote: job %d step %d", at.job, at.step)
	}
	if price != steps[at.step].price {
		b.fail("job %d step %d pays %d a task, its quote says %d", at.job, at.step, price, steps[at.step].price)
	}
	want := new(big.Int).Mul(big.NewInt(price), list.feeBp)
	if want.Div(want, big.NewInt(10_000)).Cmp(big.NewInt(fee)) != 0 {
		b.fail("the fee of a task is %d, the price list gives %s", fee, want)
	}
	var count int64
	for _, t := range tasks {
		if t.first+t.count > steps[at.step].tasks || t.count == 0 {
			b.fail("tasks %v are not of a step of %d", t, steps[at.step].tasks)
		}
		if !within(t, b.acknowledged[attempt]) {
			b.fail("tasks %v of attempt %d are paid without an acknowledged report", t, attempt)
		}
		b.mark(paidKey{at, slot}, steps[at.step].tasks, t, true)
		count += int64(t.count)
	}
	escrow := account{accountEscrow, at.job}
	var due []line
	if price > fee {
		due = append(due, line{lineSettle, escrow, account{accountHeld, owner}, (price - fee) * count})
	}
	if fee > 0 {
		due = append(due, line{lineFee, escrow, account{accountFee, 0}, fee * count})
	}
	if len(due)+len(lines) > 0 && !reflect.DeepEqual(lines, due) {
		b.fail("it moves %v, price and fee of %d tasks are %v", lines, count, due)
	}
	b.move(lines)
	b.held[owner] = append(b.held[owner], settlement{b.event, at, slot, tasks, (price - fee) * count})
	b.settled++
}

// Sets or clears the bits of tasks that were paid in one replica slot.
func (b *books) mark(key paidKey, size uint64, tasks taskRange, on bool) {
	bits := b.paid[key]
	if bits == nil {
		bits = make([]uint64, (size+63)/64)
		b.paid[key] = bits
	}
	for t := tasks.first; t < tasks.first+tasks.count; t++ {
		is := bits[t/64]&(1<<(t%64)) != 0
		if on && is {
			b.fail("task %d of job %d step %d is paid twice in slot %d", t, key.at.job, key.at.step, key.slot)
		}
		bits[t/64] ^= 1 << (t % 64)
	}
}

// The oldest `events` settlements of an owner are no longer held; parts of one event count once.
func (b *books) vest(r *reader) {
	owner, events := r.number(), r.number()
	moved := b.move(r.lines())
	held, pay := b.held[owner], int64(0)
	for ; events > 0; events-- {
		if len(held) == 0 {
			b.fail("more of owner %d vests than was settled", owner)
		}
		for event := held[0].event; len(held) > 0 && held[0].event == event; held = held[1:] {
			pay += held[0].pay
		}
	}
	b.held[owner] = held
	if pay != moved {
		b.fail("%d of owner %d vests, it was settled at %d", moved, owner, pay)
	}
}

// What a convicted owner had not vested is undone: the tasks may be paid again.
func (b *books) slash(r *reader) {
	owner, _, _ := r.number(), r.step(), r.number()
	b.move(r.lines())
	for _, s := range b.held[owner] {
		for _, t := range s.tasks {
			b.mark(paidKey{s.at, s.slot}, 0, t, false)
		}
	}
	delete(b.held, owner)
}

func (b *books) refund(r *reader) {
	job := r.number()
	b.move(r.lines())
	if left := b.balances[account{accountEscrow, job}]; left != 0 {
		b.fail("job %d ended and still holds %d", job, left)
	}
}

func (b *books) take(bytes []byte) {
	r := &reader{bytes, true}
	if version := r.number(); version != 1 {
		b.fail("version %d is not known", version)
	}
	event, part, _, code := r.number(), r.number(), r.signed(), r.number()
	if event < b.event || (event == b.event && part <= b.part && b.index > 0) {
		b.fail("event %d part %d comes after event %d part %d", event, part, b.event, b.part)
	}
	b.event, b.part = event, part
	switch code {
	case codeFund, codeEscrowHold, codeCorrection:
		r.number()
		b.move(r.lines())
	case codeResult:
		b.result(r)
	case codeSettle:
		b.settle(r)
	case codeRefund:
		b.refund(r)
	case codeSlash:
		b.slash(r)
	case codeVest:
		b.vest(r)
	case codePriceList:
		b.priceList(r)
	case codeQuote:
		b.quote(r)
	case codeKeyAdd, codeKeyRevoke, codeVerdict, codeLogOpen:
		r.bytes = nil // no money
	default:
		b.fail("code %d is not known", code)
	}
	if !r.ok || len(r.bytes) != 0 {
		b.fail("it is malformed")
	}
}

func (b *books) compare(path string) int {
	file, err := os.Open(path)
	must(err, "balances")
	defer file.Close()
	compared := 0
	for lines := bufio.NewScanner(file); lines.Scan(); compared++ {
		var a account
		var balance int64
		if _, err := fmt.Sscan(lines.Text(), &a.kind, &a.owner, &balance); err != nil {
			fail("balances: line %d: %v", compared+1, err)
		}
		if b.balances[a] != balance {
			fail("account %v: the log gives %d, the region says %d", a, b.balances[a], balance)
		}
		delete(b.balances, a)
	}
	for a, balance := range b.balances {
		if balance != 0 {
			fail("account %v: the log gives %d, the region does not know it", a, balance)
		}
	}
	return compared
}

func (l *logFolder) replay(balances string) {
	b := &books{balances: map[account]int64{}, lists: map[[32]byte]priceList{}, quotes: map[uint64][]quotedStep{},
		acknowledged: map[uint64][]taskRange{}, paid: map[paidKey][]uint64{}, held: map[uint64][]settlement{}}
	l.entries(func(index int64, entry []byte) {
		b.index = index
		b.take(entry)
	})
	compared := 0
	if balances != "" {
		compared = b.compare(balances)
	}
	fmt.Printf("auditor: replayed: %d entries, %d settlements, %d accounts agree\n", l.tree.N, b.settled, compared)
}
