package engine

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// http2Request is the preface, our settings and one request without body on
// stream 1 (RFC 9113, Sections 3.4 and 8.3).
func (c *conn) http2Request() []byte {
	method, path, authority := c.target()
	var head bytes.Buffer
	enc := hpack.NewEncoder(&head)
	for _, f := range [][2]string{
		{":method", token.Replace(method)},
		{":scheme", "https"},
		{":authority", token.Replace(authority)},
		{":path", token.Replace(path)},
		{"user-agent", c.o.UserAgent},
		{"accept", "*/*"},
	} {
		_ = enc.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]}) // a bytes.Buffer takes all
	}
	var out bytes.Buffer
	out.WriteString(http2.ClientPreface)
	fr := http2.NewFramer(&out, nil)
	_ = fr.WriteSettings(http2.Setting{ID: http2.SettingEnablePush, Val: 0}, http2.Setting{ID: http2.SettingMaxHeaderListSize, Val: maxAnswer})
	_ = fr.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: head.Bytes(), EndStream: true, EndHeaders: true})
	return out.Bytes()
}

// readHTTP2 reads frames until the response is complete or the server takes its
// leave.
func (c *conn) readHTTP2() error {
	in := c.appReader()
	var reply bytes.Buffer // acknowledgements
	fr := http2.NewFramer(&reply, in)
	fr.SetMaxReadFrameSize(1 << 16)
	fr.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	fr.MaxHeaderListSize = maxAnswer
	resp := &transcript.Response{Proto: "h2", GoAway: -1}
	for {
		f, err := fr.ReadFrame()
		if err != nil {
			return c.http2Error(err, in, resp)
		}
		c.t.Response = resp
		switch f := f.(type) {
		case *http2.SettingsFrame:
			if !f.IsAck() {
				_ = fr.WriteSettingsAck()
			}
		case *http2.PingFrame:
			if !f.IsAck() {
				_ = fr.WritePing(true, f.Data)
			}
		case *http2.MetaHeadersFrame:
			if f.StreamID == 1 && resp.Status < 200 {
				takeHeaders(resp, f)
			}
			if f.StreamID == 1 && f.StreamEnded() && resp.Status >= 200 {
				return nil
			}
		case *http2.DataFrame:
			if f.StreamID != 1 {
				break
			}
			room := transcript.MaxReply - len(resp.Body)
			resp.Body = append(resp.Body, f.Data()[:min(room, len(f.Data()))]...)
			if f.StreamEnded() || len(resp.Body) >= transcript.MaxReply {
				return nil
			}
		case *http2.RSTStreamFrame:
			if f.StreamID == 1 {
				c.t.Outcome.Detail = "the server reset the stream: " + f.ErrCode.String()
				return nil
			}
		case *http2.GoAwayFrame:
			resp.GoAway = int(f.ErrCode)
			if f.ErrCode != http2.ErrCodeNo || f.LastStreamID < 1 {
				c.t.Outcome.Detail = "the server said GOAWAY: " + f.ErrCode.String()
				return nil
			}
		}
		if reply.Len() > 0 {
			out, err := c.sealAll(nil, wire.ContentApplicationData, reply.Bytes())
			if err != nil {
				return err
			}
			reply.Reset()
			if err := c.write(out, "acknowledging frames"); err != nil {
				return err
			}
		}
	}
}

// http2Error is the end of the frames: the connection's, or a peer that does
// not speak HTTP/2 although ALPN said so.
func (c *conn) http2Error(err error, in *appReader, resp *transcript.Response) error {
	if in.err != nil {
		if resp.Status != 0 {
			return cut(in.err)
		}
		return in.err
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) { // more than we read of one answer
		return nil
	}
	if c.t.Response == nil {
		c.t.Response = &transcript.Response{Body: in.all, GoAway: -1}
	}
	c.t.Outcome.Detail = fmt.Sprintf("the answer is not HTTP/2 (%s): %s", err.Error(), quoted(in.all))
	return nil
}

func takeHeaders(r *transcript.Response, f *http2.MetaHeadersFrame) {
	r.Status, _ = strconv.Atoi(f.PseudoValue("status"))
	r.Header = http.Header{}
	for _, h := range f.RegularFields() {
		r.Header.Add(h.Name, h.Value)
	}
}
