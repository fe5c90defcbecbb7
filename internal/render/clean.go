package render

import (
	"reflect"

	"github.com/tlswhy/tlswhy/internal/render/safe"
	"github.com/tlswhy/tlswhy/internal/report"
)

// maxText bounds any one text of a report: longer than every text of ours, so
// that only a peer's runs into it.
const maxText = 4000

// cleaned returns a deep copy of a report or a comparison in which no text can
// control a terminal, hide or reorder what stands around it. It goes by type
// and not by field, so that a field added later is cleaned too. Bytes (hellos
// and replies) stay as they are: views encode them.
func cleaned[T any](in *T) *T {
	out := new(T)
	cleanInto(reflect.ValueOf(out).Elem(), reflect.ValueOf(in).Elem())
	return out
}

func cleanInto(dst, src reflect.Value) {
	switch src.Kind() {
	case reflect.String:
		dst.SetString(safe.Line(src.String(), maxText))
	case reflect.Pointer:
		if !src.IsNil() {
			dst.Set(reflect.New(src.Type().Elem()))
			cleanInto(dst.Elem(), src.Elem())
		}
	case reflect.Slice:
		if src.IsNil() || src.Type().Elem().Kind() == reflect.Uint8 {
			dst.Set(src)
			return
		}
		dst.Set(reflect.MakeSlice(src.Type(), src.Len(), src.Len()))
		for i := range src.Len() {
			cleanInto(dst.Index(i), src.Index(i))
		}
	case reflect.Map:
		if src.IsNil() {
			return
		}
		dst.Set(reflect.MakeMapWithSize(src.Type(), src.Len()))
		for it := src.MapRange(); it.Next(); {
			key, value := reflect.New(src.Type().Key()).Elem(), reflect.New(src.Type().Elem()).Elem()
			cleanInto(key, it.Key())
			cleanInto(value, it.Value())
			dst.SetMapIndex(key, value)
		}
	case reflect.Struct:
		dst.Set(src) // carries unexported fields along, as those of time.Time
		for i := range src.NumField() {
			if src.Type().Field(i).IsExported() {
				cleanInto(dst.Field(i), src.Field(i))
			}
		}
		// Configuration is the one text of several lines.
		if fix, ok := src.Interface().(report.Fix); ok {
			dst.FieldByName("Config").SetString(safe.Text(fix.Config, maxText))
		}
	default:
		dst.Set(src)
	}
}
