package selector

import (
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// soleOwner gives every partition to one member: the one that owns partitions
// already (of several, the one of the latest generation), else the first.
// Members that come and go beside it cause it no revoke.
type soleOwner struct {
	kgo.GroupBalancer // the metadata's form, from the cooperative sticky balancer
}

func newSoleOwner() soleOwner {
	return soleOwner{kgo.CooperativeStickyBalancer()}
}

// ProtocolName implements kgo.GroupBalancer.
func (soleOwner) ProtocolName() string { return "cream-sole-owner" }

// MemberBalancer implements kgo.GroupBalancer.
func (s soleOwner) MemberBalancer(members []kmsg.JoinGroupResponseMember) (kgo.GroupMemberBalancer, map[string]struct{}, error) {
	b, err := kgo.NewConsumerBalancer(s, members)
	return b, b.MemberTopics(), err
}

// Balance implements kgo.ConsumerBalancerBalance.
func (soleOwner) Balance(b *kgo.ConsumerBalancer, topics map[string]int32) kgo.IntoSyncAssignment {
	plan := b.NewPlan()
	var owner *kmsg.JoinGroupResponseMember
	latest := int32(-1)
	b.EachMember(func(member *kmsg.JoinGroupResponseMember, meta *kmsg.ConsumerMemberMetadata) {
		if owner == nil {
			owner = member
		}
		if len(meta.OwnedPartitions) > 0 && meta.Generation > latest {
			owner, latest = member, meta.Generation
		}
	})
	for topic, partitions := range topics {
		for p := range partitions {
			plan.AddPartition(owner, topic, p)
		}
	}
	plan.AdjustCooperative(b)
	return plan
}
