package report

import (
	"reflect"
	"strings"
)

// FillLists makes every list empty that is always there and nil: a script reads
// [] where it would stumble over null.
func (r *Report) FillLists() { FillLists(r) }

// FillLists does so in any document, which is given by its pointer.
func FillLists(document any) { fillLists(reflect.ValueOf(document).Elem()) }

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
	case reflect.Map:
		if v.Type().Elem().Kind() != reflect.Struct {
			return
		}
		for _, key := range v.MapKeys() { // values of a map cannot be set in place
			x := reflect.New(v.Type().Elem()).Elem()
			x.Set(v.MapIndex(key))
			fillLists(x)
			v.SetMapIndex(key, x)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f, x := v.Type().Field(i), v.Field(i)
			if !f.IsExported() {
				continue
			}
			always := !strings.HasSuffix(f.Tag.Get("json"), ",omitempty")
			switch {
			case x.Kind() == reflect.Slice && x.IsNil() && always:
				x.Set(reflect.MakeSlice(x.Type(), 0, 0))
			case x.Kind() == reflect.Map && x.IsNil() && always:
				x.Set(reflect.MakeMap(x.Type()))
			}
			fillLists(x)
		}
	}
}
