package vcd

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/saltern-api/saltern/server/tokenapi"
	"github.com/saltern-api/saltern/server/web"
)

// apiVersions are the versions of VCD's API that clients may request, the
// oldest first. All of them are served alike.
var apiVersions = []string{
	"36.0", "36.1", "36.2", "36.3", "37.0", "37.1", "37.2", "37.3", "38.0", "38.1", "39.0", "39.1",
}

const xmlHead = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"

// orgSpaces are the namespaces that VCD declares, used or not.
const orgSpaces = `
    xmlns="http://www.vmware.com/vcloud/v1.5"
    xmlns:vmext="http://www.vmware.com/vcloud/extension/v1.5"
    xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
    xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData"
    xmlns:common="http://schemas.dmtf.org/wbem/wscim/1/common"
    xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
    xmlns:vmw="http://www.vmware.com/schema/ovf"
    xmlns:ovfenv="http://schemas.dmtf.org/ovf/environment/1"
    xmlns:ns9="http://www.vmware.com/vcloud/versions"`

// versions answers GET /api/versions, without authentication: it is a client's
// first request.
func (api *API) versions(x *web.Exchange, r *http.Request) error {
	base := escaped(api.Realm.URLs.Base(r))
	var b bytes.Buffer
	b.WriteString(xmlHead + `<SupportedVersions xmlns="http://www.vmware.com/vcloud/versions">` + "\n")
	for _, version := range apiVersions {
		fmt.Fprintf(&b, `    <VersionInfo deprecated="false">
        <Version>%s</Version>
        <LoginUrl>%s/cloudapi/1.0.0/sessions</LoginUrl>
        <ProviderLoginUrl>%[2]s/cloudapi/1.0.0/sessions/provider</ProviderLoginUrl>
    </VersionInfo>
`, version, base)
	}
	b.WriteString(`</SupportedVersions>`)
	x.WriteBody("text/xml;charset=utf-8", http.StatusOK, b.Bytes())
	return nil
}

// orgList answers GET /api/org.
func (api *API) orgList(x *web.Exchange, r *http.Request) error {
	version, err := api.xmlCaller(x, r)
	if err != nil {
		return err
	}
	base := escaped(api.Realm.URLs.Base(r))
	var b bytes.Buffer
	b.WriteString(xmlHead + "<OrgList" + orgSpaces)
	fmt.Fprintf(&b, ` href="%s/api/org/" type="application/vnd.vmware.vcloud.orgList+xml">`+"\n", base)
	for _, o := range api.Orgs {
		fmt.Fprintf(&b, `    <Org href="%s/api/org/%s" type="application/vnd.vmware.vcloud.org+xml" name="%s"/>`+"\n",
			base, o.ID, escaped(o.Name))
	}
	b.WriteString("</OrgList>")
	writeXML(x, "application/vnd.vmware.vcloud.orglist+xml;version="+version, http.StatusOK, b.Bytes())
	return nil
}

// oneOrg answers GET /api/org/{id}.
func (api *API) oneOrg(x *web.Exchange, r *http.Request) error {
	version, err := api.xmlCaller(x, r)
	if err != nil {
		return err
	}
	o, ok := api.Orgs.WithID(chi.URLParam(r, "id"))
	if !ok {
		return forbiddenOrAbsent(nil)
	}
	var b bytes.Buffer
	b.WriteString(xmlHead + "<Org" + orgSpaces)
	fmt.Fprintf(&b, ` href="%s/api/org/%s" type="application/vnd.vmware.vcloud.org+xml" id="%s" name="%s">
    <Description/>
    <FullName>%[4]s</FullName>
    <IsEnabled>true</IsEnabled>
</Org>`, escaped(api.Realm.URLs.Base(r)), o.ID, o.URN(), escaped(o.Name))
	writeXML(x, "application/vnd.vmware.vcloud.org+xml;version="+version, http.StatusOK, b.Bytes())
	return nil
}

// xmlCaller requires a valid credential, and a served API version.
func (api *API) xmlCaller(x *web.Exchange, r *http.Request) (version string, err error) {
	if _, err := api.Callers.OfHeader(x, r); err != nil {
		return "", err
	}
	version = wantedVersion(r.Header["Accept"])
	if !slices.Contains(apiVersions, version) {
		return "", &web.Error{Status: http.StatusNotAcceptable, Code: "not_acceptable",
			Text: "that API version is not served, see /api/versions"}
	}
	return version, nil
}

// wantedVersion returns the version in an Accept header, or else the default.
func wantedVersion(accept []string) string {
	for part := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		if _, given, err := mime.ParseMediaType(part); err == nil && given["version"] != "" {
			return given["version"]
		}
	}
	return "37.0"
}

func writeXML(x *web.Exchange, mediaType string, status int, body []byte) {
	// Written in capitals, as VCD does: over HTTP/1.1 the case is visible.
	x.Header()["X-VMWARE-VCLOUD-REQUEST-EXECUTION-TIME"] = []string{
		strconv.FormatInt(time.Since(x.Start).Milliseconds(), 10),
	}
	x.WriteBody(mediaType, status, body)
}

// writeXMLError writes an error of Cloud Director's older API.
func writeXMLError(x *web.Exchange, _ *http.Request, e *web.Error) {
	body := fmt.Sprintf(xmlHead+`<Error xmlns="http://www.vmware.com/vcloud/v1.5" message="%s" majorErrorCode="%d" minorErrorCode="%s"/>`,
		escaped(tokenapi.ASCII(e.Text)), e.Status, escaped(e.OAuthCode()))
	writeXML(x, "application/vnd.vmware.vcloud.error+xml;version=37.0", e.Status, []byte(body))
}

// escaped escapes text for an attribute or an element.
func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder never fails
	return b.String()
}
