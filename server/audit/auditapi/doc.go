// Package auditapi serves GET /v1/audit, which returns entries of the audit log
// to callers with the permission for it.
//
// It imports eauth/apitoken/issuer, server/audit, server/caller and server/web.
package auditapi
