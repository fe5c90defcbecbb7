//go:build linux

package main

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"

	"github.com/tlswhy/tlswhy/internal/diagnose"
	"github.com/tlswhy/tlswhy/internal/probe"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/trust"
)

// newTlswhy is the inner loop of a scan.
func newTlswhy(ca string) (visitor, error) {
	roots, err := trust.FileStore(ca)
	if err != nil {
		return nil, err
	}
	p := probe.New(probe.Options{Budget: -1})
	screen, err := diagnose.NewScreen(p, diagnose.Options{Roots: roots})
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, name string, addr netip.AddrPort) (int64, int64, error) {
		g, err := screen.Look(ctx, report.Target{Host: name, Port: addr.Port(), Service: "http"}, addr)
		if err != nil {
			return 0, 0, err
		}
		t := g.Transcript
		if !g.Healthy {
			err = fmt.Errorf("%s %s; %v", t.Outcome.Kind, t.Outcome.Detail, g.Trust.Defects)
		}
		return t.BytesSent, t.BytesReceived, err
	}, nil
}

// newStd is a full handshake by the standard library that verifies nothing, with
// key shares of these groups; none: its default, of which one is post-quantum.
func newStd(groups ...tls.CurveID) visitor {
	return func(ctx context.Context, name string, addr netip.AddrPort) (int64, int64, error) {
		d := tls.Dialer{NetDialer: &net.Dialer{Timeout: 10 * time.Second, KeepAlive: -1}, Config: &tls.Config{
			ServerName: name, InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"}, CurvePreferences: groups,
		}}
		c, err := d.DialContext(ctx, "tcp", addr.String())
		if err != nil {
			return 0, 0, err
		}
		return 0, 0, c.Close()
	}
}

// newBare sends and receives as many bytes as asked for and knows nothing of them.
func newBare(send, receive int) visitor {
	request := binary.BigEndian.AppendUint32(make([]byte, 0, send), uint32(receive))
	request = request[:cap(request)]
	d := net.Dialer{Timeout: 10 * time.Second, KeepAlive: -1}
	return func(ctx context.Context, _ string, addr netip.AddrPort) (int64, int64, error) {
		c, err := d.DialContext(ctx, "tcp", addr.String())
		if err != nil {
			return 0, 0, err
		}
		defer c.Close()
		if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
			return 0, 0, err
		}
		if _, err := c.Write(request); err != nil {
			return 0, 0, err
		}
		var b [4096]byte
		got := 0
		for got < receive {
			n, err := c.Read(b[:])
			got += n
			if err != nil {
				if errors.Is(err, io.EOF) && got >= receive {
					break
				}
				return int64(len(request)), int64(got), err
			}
		}
		return int64(len(request)), int64(got), nil
	}
}
