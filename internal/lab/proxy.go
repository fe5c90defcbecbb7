package lab

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
)

// proxyUp puts an HTTP CONNECT proxy before a healthy endpoint.
func proxyUp(proxy func(e *env) handler) func(*env) error {
	return func(e *env) error {
		if err := healthyUp(nil)(e); err != nil {
			return err
		}
		addr, err := e.serveAlso(proxy(e))
		if err != nil {
			return err
		}
		e.args = append(e.args, "--proxy", "http://"+addr)
		return nil
	}
}

// readConnect reads the CONNECT request.
func readConnect(c net.Conn) (*http.Request, *bufio.Reader, error) {
	r := bufio.NewReader(c)
	req, err := http.ReadRequest(r)
	if err != nil {
		return nil, nil, fmt.Errorf("reading a CONNECT request: %w", err)
	}
	return req, r, nil
}

// refusingProxy answers every request with the same status.
func refusingProxy(status int, headers string) func(*env) handler {
	return func(*env) handler {
		return func(_ context.Context, c *net.TCPConn) {
			if _, _, err := readConnect(c); err != nil {
				return
			}
			body := http.StatusText(status) + "\n"
			fmt.Fprintf(c, "HTTP/1.1 %d %s\r\n%sContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
				status, http.StatusText(status), headers, len(body), body)
		}
	}
}

// answeringProxy says something that is no HTTP.
func answeringProxy(text string) func(*env) handler {
	return func(*env) handler {
		return func(_ context.Context, c *net.TCPConn) {
			if _, _, err := readConnect(c); err == nil {
				io.WriteString(c, text)
			}
		}
	}
}

// workingProxy connects to the endpoint behind it, by address or by name, and
// to nothing else: it must not become a way out of the lab.
func workingProxy(e *env) handler {
	_, port, _ := net.SplitHostPort(e.addr)
	allowed := map[string]bool{e.addr: true, net.JoinHostPort(e.host, port): true, net.JoinHostPort(e.host, "443"): true}
	return func(ctx context.Context, c *net.TCPConn) {
		req, rest, err := readConnect(c)
		if err != nil {
			return
		}
		if req.Method != http.MethodConnect || !allowed[req.Host] {
			fmt.Fprintf(c, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			return
		}
		var d net.Dialer
		up, err := d.DialContext(ctx, "tcp", e.addr)
		if err != nil {
			fmt.Fprintf(c, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			return
		}
		defer up.Close()
		if !e.lab.track(up) {
			return
		}
		defer e.lab.untrack(up)
		fmt.Fprintf(c, "HTTP/1.1 200 Connection established\r\n\r\n")
		join(c, rest, up.(*net.TCPConn))
	}
}

// join copies both ways until either side is done with both directions.
func join(c *net.TCPConn, fromClient io.Reader, up *net.TCPConn) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(up, fromClient)
		_ = up.CloseWrite()
	}()
	_, _ = io.Copy(c, up)
	_ = c.CloseWrite()
	// The server is done: the client may still be, but has nobody to talk to.
	_ = c.CloseRead()
	<-done
}
