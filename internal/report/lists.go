package report

import (
	"reflect"
	"strings"
)

// FillLists makes every list empty that is always there and nil: a script reads
// [] where it would stumble over null.
func (r *Report) FillLists() { fillLists(reflect.ValueOf(r).Elem()) }

func fillLists(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			fillLists(v.Elem())
		}
	case reflect.Slice:
		switch v.Type().Elem().Kind() {
		case reflect.Struct, reflect.Pointer, reflect.Slice:
		default:
			return // the bytes of replies, for one, are many
		}
		for i := range v.Len() {
			fillLists(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f, x := v.Type().Field(i), v.Field(i)
			if !f.IsExported() {
				continue
			}
			if x.Kind() == reflect.Slice && x.IsNil() && !strings.HasSuffix(f.Tag.Get("json"), ",omitempty") {
				x.Set(reflect.MakeSlice(x.Type(), 0, 0))
			}
			fillLists(x)
		}
	}
}
