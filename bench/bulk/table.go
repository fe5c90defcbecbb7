//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// What is wanted, in CPU per host and memory per target in flight.
const (
	target12     = 300 * time.Microsecond
	target13     = 450 * time.Microsecond
	targetMemory = 24 << 10 // bytes
)

// plan is what is measured in turn, A B C A B C.
var plan = []struct{ mode, port, says string }{
	{"bare", "bare", "connect, write, read of as many bytes, no TLS"},
	{"std", "tls12", "`crypto/tls`, TLS 1.2: full handshake, nothing verified"},
	{"std", "tls13", "`crypto/tls`, TLS 1.3: full handshake, nothing verified"},
	{"std-classic", "tls12", "`crypto/tls`, TLS 1.2, X25519 alone offered: full handshake, nothing verified"},
	{"std-classic", "tls13", "`crypto/tls`, TLS 1.3, X25519 alone offered: full handshake, nothing verified"},
	{"tlswhy", "tls12", "tlswhy, TLS 1.2: chain, name and ServerKeyExchange verified"},
	{"tlswhy", "tls13", "tlswhy, TLS 1.3: chain, name, CertificateVerify and Finished verified"},
}

// compare starts the farm on one core, runs the plan on another, and prints the
// tables. A visit without a good verdict makes it fail.
func compare(farm, key string, runs, rounds, held int) error {
	dir, err := os.MkdirTemp("", "tlswhy-bulk")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	ports, stop, err := startFarm(farm, key, dir)
	if err != nil {
		return err
	}
	defer stop()
	child := func(into any, args ...string) error {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		// One core for the client, the other for the farm.
		args = append([]string{"-c", "0", self, "-ca", filepath.Join(dir, "root.pem")}, args...)
		cmd := exec.Command("taskset", args...)
		cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			return err
		}
		return json.Unmarshal(out, into)
	}
	visits := func(i int, more ...string) (cost, error) {
		p := plan[i]
		var c cost
		err := child(&c, append([]string{"-mode", p.mode, "-port", strconv.Itoa(ports[p.port]), "-rounds", strconv.Itoa(rounds)}, more...)...)
		if err == nil && (c.Error != "" || c.Verdicts < c.Hosts) {
			err = fmt.Errorf("%s %s: %d of %d hosts got their verdict: %s", p.mode, p.port, c.Verdicts, c.Hosts, c.Error)
		}
		return c, err
	}
	// The bytes that bare has to move are those of tlswhy, of which TLS 1.3 has more.
	warm, err := visits(len(plan) - 1)
	if err != nil {
		return err
	}
	bytes := []string{
		"-send", strconv.FormatInt(warm.Sent/int64(warm.Hosts), 10), "-receive", strconv.FormatInt(warm.Received/int64(warm.Hosts), 10),
	}
	results := make([][]cost, len(plan))
	for range runs {
		for i := range plan {
			c, err := visits(i, bytes...)
			if err != nil {
				return err
			}
			results[i] = append(results[i], c)
		}
	}
	printCosts(key, results)
	var m memory
	if held == 0 {
		return nil
	}
	if err := child(&m, "-mode", "hold", "-port", strconv.Itoa(ports["hold"]), "-n", strconv.Itoa(held)); err != nil {
		return err
	}
	if m.Silent < m.Targets || m.OpenWith < m.Targets {
		return fmt.Errorf("of %d targets in flight %d were connected and %d stayed silent", m.Targets, m.OpenWith, m.Silent)
	}
	rss, inUse := float64(m.RSS)/float64(m.Targets), float64(m.InUse)/float64(m.Targets)
	fmt.Printf("With %d targets in flight, connected and waiting for an answer, the process is larger by %.1f KB for each (resident), by %.1f KB of heap and stacks without garbage: %s (< %d KB).\n\n",
		m.Targets, rss/1024, inUse/1024, met(max(rss, inUse) < targetMemory), targetMemory>>10)
	return nil
}

var portOf = regexp.MustCompile(`(\w+)=(\d+)`)

// startFarm waits until the farm serves, and returns its ports.
func startFarm(farm, key, dir string) (map[string]int, func(), error) {
	cmd := exec.Command("taskset", "-c", "1", farm, "-key", key, "-dir", dir)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	stop := func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err == nil && !strings.HasSuffix(line, "ready\n") {
		err = errors.New("the farm says " + line)
	}
	if err != nil {
		stop()
		return nil, nil, fmt.Errorf("starting the farm: %w", err)
	}
	ports := map[string]int{}
	for _, m := range portOf.FindAllStringSubmatch(line, -1) {
		ports[m[1]], _ = strconv.Atoi(m[2])
	}
	return ports, stop, nil
}

func printCosts(key string, results [][]cost) {
	fmt.Printf("%s.\n\n", map[string]string{
		"ecdsa": "Leaves and CAs with keys of ECDSA P-256", "rsa": "Leaves and CAs with keys of RSA-2048",
		"mixed": "Leaves with keys of ECDSA P-256, CAs with keys of RSA-2048",
	}[key])
	fmt.Println("| what | CPU ms a host (median) | fastest | slowest | wall ms | bytes sent | received | hosts | verdicts | errors | above bare | target |  |")
	fmt.Println("|" + strings.Repeat(" --- |", 13))
	bare := perHost(results[0])[len(results[0])/2]
	for i, p := range plan {
		cs := results[i]
		cpu := perHost(cs)
		var hosts, verdicts int
		walls := make([]int64, len(cs))
		for j, c := range cs {
			hosts, verdicts, walls[j] = hosts+c.Hosts, verdicts+c.Verdicts, c.WallNS/int64(c.Hosts)
		}
		slices.Sort(walls)
		sent, received := "", ""
		if c := cs[0]; c.Sent > 0 {
			sent, received = strconv.FormatInt(c.Sent/int64(c.Hosts), 10), strconv.FormatInt(c.Received/int64(c.Hosts), 10)
		}
		want, verdict := "", ""
		if p.mode == "tlswhy" && key == "ecdsa" {
			limit := target12
			if p.port == "tls13" {
				limit = target13
			}
			want, verdict = fmt.Sprintf("≤ %.2f", limit.Seconds()*1000), met(cpu[len(cpu)/2] <= limit)
		}
		fmt.Printf("| %s | %s | %s | %s | %s | %s | %s | %d | %d | %d | %s | %s | %s |\n",
			p.says, ms(cpu[len(cpu)/2]), ms(cpu[0]), ms(cpu[len(cpu)-1]), ms(time.Duration(walls[len(walls)/2])), sent, received,
			hosts, verdicts, hosts-verdicts, ms(cpu[len(cpu)/2]-bare), want, verdict)
	}
	fmt.Println()
}

// perHost are the CPU times per host of all runs, fastest first.
func perHost(cs []cost) []time.Duration {
	out := make([]time.Duration, len(cs))
	for i, c := range cs {
		out[i] = time.Duration(c.CPUNS / int64(c.Hosts))
	}
	slices.Sort(out)
	return out
}

func ms(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()*1000) }

func met(ok bool) string {
	if ok {
		return "met"
	}
	return "**missed**"
}
