package vcd

import (
	"net/http"
	"strconv"

	"github.com/saltern-api/saltern/server/tokenapi"
	"github.com/saltern-api/saltern/server/vcd/fiql"
)

// VCD's page sizes, in objects.
const (
	defaultPageSize = 25
	maxPageSize     = 128
)

// page is a part of a list, in the form of VCD's newer API.
type page[T any] struct {
	ResultTotal  int        `json:"resultTotal"`
	PageCount    int        `json:"pageCount"`
	Page         int        `json:"page"` // from 1
	PageSize     int        `json:"pageSize"`
	Associations []struct{} `json:"associations"` // null
	Values       []T        `json:"values"`
}

// pageOf returns the page of all that the query selects.
func pageOf[T any](r *http.Request, all []T) (page[T], error) {
	p := page[T]{ResultTotal: len(all), Page: 1, PageSize: defaultPageSize, Values: []T{}}
	for name, to := range map[string]*int{"page": &p.Page, "pageSize": &p.PageSize} {
		text := r.URL.Query().Get(name)
		if text == "" {
			continue
		}
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil || n < 1 {
			return p, tokenapi.InvalidRequest(name + " has to be a positive number")
		}
		*to = int(n)
	}
	p.PageSize = min(p.PageSize, maxPageSize)
	p.PageCount = (len(all) + p.PageSize - 1) / p.PageSize
	if p.Page <= p.PageCount {
		first := (p.Page - 1) * p.PageSize
		p.Values = all[first:min(first+p.PageSize, len(all))]
	}
	return p, nil
}

// filterOf returns the filter in the query.
func filterOf(r *http.Request, fields ...string) (fiql.Filter, error) {
	f, err := fiql.Parse(r.URL.Query().Get("filter"), fields...)
	if err != nil {
		return nil, tokenapi.InvalidRequest(err.Error())
	}
	return f, nil
}
