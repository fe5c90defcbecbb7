//go:build !unix

package env

import "errors"

func mkfifo(string) error { return errors.ErrUnsupported }
